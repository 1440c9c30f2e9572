/**
 * Other spellings of an event data field. Sigma strips the spaces ("New Value" → NewValue); some shippers keep them and
 * some write an underscore.
 */
export function spellings(field: string): readonly string[] {
  let known = SPELLINGS.get(field)
  if (known === undefined) {
    known = makeSpellings(field)
    SPELLINGS.set(field, known)
  }
  return known
}

/** Fields come from rules, so there are as many as the rules name. */
const SPELLINGS = new Map<string, readonly string[]>()

function makeSpellings(field: string): readonly string[] {
  const spaced = field.replace(/([a-z])([A-Z])/g, '$1 $2')
  const underscored = field.replaceAll('_', ' ')
  return [...new Set([field, spaced, spaced.replaceAll(' ', '_'), underscored])]
}
