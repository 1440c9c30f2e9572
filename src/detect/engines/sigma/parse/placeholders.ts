import type { GlobPart } from '../expression.ts'
import { parseWildcards } from './pattern.ts'
import { RuleFault, type YamlPath } from './refuse.ts'
import type { RuleValue } from './values.ts'

export type Placeholders = Readonly<Record<string, readonly string[]>>

const PLACEHOLDER = /(?<!\\)%([^%\\]+)%/g

/**
 * Replaces `%name%` by each of its values (`\%` is a plain percent sign). The specification: a tool that cannot
 * resolve a placeholder must reject the rule. A value may itself hold wildcards.
 */
export function expandPlaceholders(value: RuleValue, placeholders: Placeholders, path: YamlPath): RuleValue[] {
  if (value.kind !== 'text') return [value]
  let texts = ['']
  let end = 0
  for (const match of value.written.matchAll(PLACEHOLDER)) {
    const name = match[1]!
    const replacements = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined
    if (replacements === undefined || replacements.length === 0) {
      throw new RuleFault(
        'placeholder-unresolved',
        `the placeholder %${name}% has no value here, so the rule cannot mean anything`,
        path,
      )
    }
    const before = value.written.slice(end, match.index)
    texts = texts.flatMap((text) => replacements.map((replacement) => text + before + replacement))
    end = match.index + match[0].length
  }
  const rest = value.written.slice(end)
  return texts.map((text) => {
    const written = (text + rest).replaceAll('\\%', '%')
    return { kind: 'text', written, parts: withOuterWildcards(value.parts, parseWildcards(written)) }
  })
}

/** Keeps the `*` that `contains` and its like put around the value before `expand` came. */
function withOuterWildcards(before: readonly GlobPart[], parts: GlobPart[]): GlobPart[] {
  const leading = before[0] === 'any' && parts[0] !== 'any' ? ['any' as const] : []
  const trailing = before.at(-1) === 'any' && parts.at(-1) !== 'any' ? ['any' as const] : []
  return [...leading, ...parts, ...trailing]
}
