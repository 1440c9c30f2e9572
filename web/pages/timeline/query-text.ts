const BARE = /^[\p{L}\p{N}_@][\p{L}\p{N}_@.-]*$/u

/** A value as the query language takes it: quoted unless it is one plain word. */
export function quoted(value: string): string {
  return BARE.test(value) && !/^(AND|OR|NOT|TO)$/.test(value) ? value : `"${value.replace(/[\\"]/g, '\\$&')}"`
}

/** `field:value`, or its negation. */
export function term(field: string, value: string, not = false): string {
  return `${not ? 'NOT ' : ''}${field}:${quoted(value)}`
}

/** Narrows a query by one more term; an OR at its top level is put in parentheses first. A term already there is not repeated. */
export function narrowed(query: string, field: string, value: string, not = false): string {
  const before = query.trim()
  const added = term(field, value, not)
  if (before === '') return added
  if (
    before === added ||
    before.endsWith(` AND ${added}`) ||
    before.startsWith(`${added} AND `) ||
    before.includes(` AND ${added} AND `)
  )
    return before
  return `${hasTopLevelOr(before) ? `(${before})` : before} AND ${added}`
}

function hasTopLevelOr(query: string): boolean {
  let depth = 0
  let inQuotes = false
  for (let at = 0; at < query.length; at += 1) {
    const char = query[at]
    if (inQuotes) {
      if (char === '\\') at += 1
      else if (char === '"') inQuotes = false
    } else if (char === '"') inQuotes = true
    else if (char === '(') depth += 1
    else if (char === ')') depth -= 1
    else if (depth === 0 && /^\s(OR\s|\|\|)/.test(query.slice(at, at + 4))) return true
  }
  return false
}

/** The word before the cursor that a field's name could complete, with where it begins. */
export function wordAt(query: string, cursor: number): { readonly from: number; readonly word: string } | undefined {
  const match = /(?:^|[\s(!-])([\p{L}_@][\p{L}\p{N}_@.]*)$/u.exec(query.slice(0, cursor))
  const word = match?.[1]
  return word === undefined || /^(AND|OR|NOT|TO)$/.test(word) ? undefined : { from: cursor - word.length, word }
}

/** Fields that begin with, or have a part that begins with, what was typed. */
export function completions(fields: readonly string[], word: string, most: number): readonly string[] {
  const wanted = word.toLowerCase()
  const first = fields.filter((field) => field.toLowerCase().startsWith(wanted))
  const inside = fields.filter(
    (field) =>
      !first.includes(field) &&
      field
        .toLowerCase()
        .split('.')
        .some((part) => part.startsWith(wanted)),
  )
  return [...first, ...inside].filter((field) => field !== word).slice(0, most)
}

/** The same search on a command line; single quotes keep a shell from reading anything into it. */
export function searchCommand(query: string, window: { readonly from: string; readonly to: string }): string {
  const asked = query === '' ? '*' : query
  return `./kanpeki search '${asked.replaceAll("'", `'\\''`)}' --from ${window.from} --to ${window.to} --format ndjson --limit 1000000 > events.ndjson`
}
