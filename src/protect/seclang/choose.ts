import { KanpekiError } from '../../kernel/error.ts'

/** Rules by their ids: `942100`, `1-99`, several parted by commas or blanks. */
export function chooseById<R extends { readonly id: number }>(rules: readonly R[], ids: string): R[] {
  const ranges = parseIds(ids)
  return rules.filter((rule) => ranges.some(([from, to]) => rule.id >= from && rule.id <= to))
}

export function parseIds(text: string): [number, number][] {
  const ranges = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part): [number, number] => {
      const match = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part)
      if (match === null) throw new KanpekiError('seclang-ids', `"${part}" is neither a rule's id nor a range of them`)
      return [Number(match[1]), Number(match[2] ?? match[1])]
    })
  if (ranges.length === 0) throw new KanpekiError('seclang-ids', 'no rule id is given')
  return ranges
}

/** Rules of which one text (a tag, the message) holds a match of the pattern. */
export function chooseByText<R>(rules: readonly R[], pattern: string, texts: (rule: R) => readonly string[]): R[] {
  let expression: RegExp
  try {
    expression = new RegExp(pattern)
  } catch {
    throw new KanpekiError('seclang-pattern', `"${pattern}" is no regular expression`)
  }
  return rules.filter((rule) => texts(rule).some((text) => expression.test(text)))
}
