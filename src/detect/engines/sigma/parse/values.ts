import type { GlobPart } from '../expression.ts'
import { parseWildcards } from './pattern.ts'
import { RuleFault, type YamlPath } from './refuse.ts'

/**
 * A rule's value on its way through the modifiers. `written` is the YAML text, for people and for `re`, which takes no wildcards.
 * `bytes`: an UTF-16 modifier made the text, one unit a byte; other texts are UTF-8 to Base64.
 */
export type RuleValue =
  | { readonly kind: 'text'; readonly written: string; readonly parts: readonly GlobPart[]; readonly bytes?: true }
  | { readonly kind: 'number'; readonly number: number; readonly written: string }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  | { readonly kind: 'null' }

export function ruleValueOf(raw: unknown, path: YamlPath): RuleValue {
  if (raw === null || raw === undefined) return { kind: 'null' }
  if (typeof raw === 'string') return { kind: 'text', written: raw, parts: parseWildcards(raw) }
  if (typeof raw === 'number') return { kind: 'number', number: raw, written: String(raw) }
  if (typeof raw === 'boolean') return { kind: 'boolean', boolean: raw }
  throw new RuleFault('value-type', 'a value must be a text, a number, true, false or null, not a nested list or map', path)
}

/** The text of a value without wildcards, or a fault that names the modifier which cannot take them. */
export function plainText(value: RuleValue, modifier: string, path: YamlPath): string {
  if (value.kind === 'number') return value.written
  if (value.kind !== 'text') throw new RuleFault('modifier-value', `'${modifier}' needs a text`, path)
  let text = ''
  for (const part of value.parts) {
    if (typeof part !== 'object') throw new RuleFault('modifier-wildcard', `'${modifier}' takes no wildcards`, path)
    text += part.literal
  }
  return text
}

/** A text taken literally: what encodings leave behind. */
export function literalValue(text: string, written: string): RuleValue {
  return { kind: 'text', written, parts: text === '' ? [] : [{ literal: text }] }
}

/** The parts of a text or number; booleans as JSON writes them. */
export function partsOf(value: RuleValue, modifier: string, path: YamlPath): readonly GlobPart[] {
  if (value.kind === 'text') return value.parts
  if (value.kind === 'number') return [{ literal: value.written }]
  if (value.kind === 'boolean') return [{ literal: String(value.boolean) }]
  throw new RuleFault('modifier-value', `'${modifier}' cannot be applied to null`, path)
}

export function writtenOf(value: RuleValue): string {
  if (value.kind === 'text' || value.kind === 'number') return value.written
  return value.kind === 'boolean' ? String(value.boolean) : 'null'
}
