import { isJsonObject } from '../../../../kernel/json.ts'
import { allOf, anyOf, type Expression, type FieldTest, type KeywordTest } from '../expression.ts'
import { parseCondition } from './condition.ts'
import { expressionOfItem } from './modifiers.ts'
import { testOfParts } from './pattern.ts'
import type { Placeholders } from './placeholders.ts'
import { RuleFault, type YamlPath } from './refuse.ts'
import { type RuleValue, writtenOf } from './values.ts'

/** Keys of a `detection:` map that are not selections. `timeframe` belonged to the old aggregations and has no meaning without them. */
const NOT_SELECTIONS: ReadonlySet<string> = new Set(['condition', 'timeframe'])

/**
 * The expression of a `detection:` (or `filter:`) map: its selections put into its condition.
 * Throws RuleFault with the path of what is wrong.
 */
export function parseDetection(
  detection: unknown,
  placeholders: Placeholders,
  path: YamlPath,
  ignored: ReadonlySet<string> = new Set(),
): Expression {
  if (!isJsonObject(detection)) throw new RuleFault('detection-missing', "there is no map under 'detection'", path)
  const selections = new Map<string, Expression>()
  for (const [name, body] of Object.entries(detection)) {
    if (NOT_SELECTIONS.has(name) || ignored.has(name)) continue
    selections.set(name, parseSelection(body, placeholders, [...path, name]))
  }
  const condition: unknown = detection['condition']
  const at = [...path, 'condition']
  if (typeof condition === 'string') return parseCondition(condition, selections, at)
  if (!Array.isArray(condition) || condition.length === 0)
    throw new RuleFault('condition-missing', "there is no 'condition'", path)
  return anyOf(
    condition.map((each, index) => {
      if (typeof each !== 'string') throw new RuleFault('condition-syntax', 'a condition must be a text', [...at, index])
      return parseCondition(each, selections, [...at, index])
    }),
  )
}

function parseSelection(body: unknown, placeholders: Placeholders, path: YamlPath): Expression {
  if (isJsonObject(body)) return parseMap(body, placeholders, path)
  if (Array.isArray(body)) {
    if (body.length === 0) throw new RuleFault('selection-empty', 'a selection must not be an empty list', path)
    return anyOf(body.map((entry, index) => parseEntry(entry, placeholders, [...path, index])))
  }
  return parseEntry(body, placeholders, path)
}

/** An entry of a list: a map of fields, or a keyword. */
function parseEntry(entry: unknown, placeholders: Placeholders, path: YamlPath): Expression {
  if (Array.isArray(entry)) throw new RuleFault('value-type', 'a list stands inside a list', path)
  return isJsonObject(entry) ? parseMap(entry, placeholders, path) : keywords([], entry, placeholders, path)
}

function parseMap(map: Readonly<Record<string, unknown>>, placeholders: Placeholders, path: YamlPath): Expression {
  const entries = Object.entries(map)
  if (entries.length === 0) throw new RuleFault('selection-empty', 'a selection must not be an empty map', path)
  return allOf(
    entries.map(([key, value]) => {
      const [field = '', ...modifiers] = key.split('|').map((part) => part.trim())
      const at = [...path, key]
      if (field === '') return keywords(modifiers, value, placeholders, at)
      const leaf = (test: FieldTest, shown: RuleValue): Expression => ({
        kind: 'test',
        field,
        test,
        written: { modifiers, value: writtenOf(shown) },
      })
      return expressionOfItem(modifiers, value, { path: at, placeholders, leaf })
    }),
  )
}

/** Values without a field search the whole event; a text may stand anywhere in a value. */
function keywords(modifiers: readonly string[], value: unknown, placeholders: Placeholders, path: YamlPath): Expression {
  const leaf = (test: FieldTest, shown: RuleValue): Expression => ({
    kind: 'keyword',
    test: keywordTest(test, path),
    written: { modifiers, value: writtenOf(shown) },
  })
  return expressionOfItem(modifiers, value, { path, placeholders, leaf })
}

function keywordTest(test: FieldTest, path: YamlPath): KeywordTest {
  if (test.kind === 'regex') return test
  if (test.kind === 'literal') {
    if (test.text === '') throw new RuleFault('keyword-empty', 'a keyword must not be empty', path)
    return { ...test, how: 'contains' }
  }
  if (test.kind === 'glob') {
    const inner = test.parts.filter((part, index) => part !== 'any' || (index > 0 && index < test.parts.length - 1))
    const anywhere = testOfParts(['any', ...inner, 'any'], test.cased)
    return anywhere.kind === 'literal' ? { ...anywhere, how: 'contains' } : anywhere
  }
  throw new RuleFault('keyword-modifier', 'a keyword can only be a text or a regular expression', path)
}
