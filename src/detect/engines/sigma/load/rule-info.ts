import { createHash } from 'node:crypto'
import { LEVELS, type Level, type RuleInfo, TACTICS, type Tactic } from '../../../../kernel/detection.ts'
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { RuleFault } from '../parse/refuse.ts'
import type { LogSource, RuleTest } from '../rule.ts'

/** Half of a SHA-256 of the document: equal texts are the same version, whatever file they stand in. */
export function versionOf(document: JsonObject): string {
  return createHash('sha256').update(canonicalJson(document)).digest('hex').slice(0, 32)
}

/** What a document says about itself. A missing id is made from the version, a missing level is `medium`. */
export function ruleInfo(document: JsonObject, file: string, version: string): RuleInfo {
  const title = textOf(document, 'title')
  if (title === undefined || title.trim() === '') throw new RuleFault('title-missing', "there is no 'title'", [])
  const id = document['id'] === undefined || document['id'] === null ? `sigma-${version.slice(0, 16)}` : textOf(document, 'id')
  if (id === undefined || id.trim() === '') throw new RuleFault('id-type', "'id' must be a text", ['id'])
  const tags = listOf(document['tags'])
  const ja = japanese(document['ja'])
  return {
    id: id.trim(),
    version,
    title,
    level: levelOf(document['level']),
    file,
    description: textOf(document, 'description') ?? '',
    techniques: techniquesOf(tags),
    tactics: tacticsOf(tags),
    ...(ja === undefined ? {} : { ja }),
  }
}

export function logSourceOf(document: JsonObject): LogSource {
  const source = document['logsource']
  if (!isJsonObject(source)) throw new RuleFault('logsource-missing', "there is no map under 'logsource'", ['logsource'])
  const attribute = (name: string) => {
    const value = source[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'string') throw new RuleFault('logsource-type', `'${name}' must be a text`, ['logsource', name])
    return value.toLowerCase()
  }
  const product = attribute('product')
  const category = attribute('category')
  const service = attribute('service')
  return {
    ...(product === undefined ? {} : { product }),
    ...(category === undefined ? {} : { category }),
    ...(service === undefined ? {} : { service }),
  }
}

export function nameOf(document: JsonObject): string | undefined {
  return textOf(document, 'name')
}

/** Tests of our own packs; anything that is not a test refuses the rule, so that no test is skipped in silence. */
export function testsOf(document: JsonObject): readonly RuleTest[] {
  const tests = document['tests']
  if (tests === undefined) return []
  if (!Array.isArray(tests)) throw new RuleFault('tests-type', "'tests' must be a list", ['tests'])
  return tests.map((test: JsonValue, index): RuleTest => {
    const at = ['tests', index]
    if (!isJsonObject(test)) throw new RuleFault('tests-type', 'a test must be a map', at)
    const { name, match, event, events } = test
    const list = event === undefined ? events : [event]
    if (typeof name !== 'string' || typeof match !== 'boolean' || !Array.isArray(list) || list.length === 0 || !list.every(isJsonObject)) {
      throw new RuleFault('tests-type', "a test needs 'name', 'match' and 'event' or 'events'", at)
    }
    return { name, match, events: list }
  })
}

function levelOf(value: unknown): Level {
  if (value === undefined || value === null) return 'medium'
  const level = LEVELS.find((each) => each === String(value).toLowerCase())
  if (level === undefined) throw new RuleFault('level-unknown', `'${String(value)}' is not one of ${LEVELS.join(', ')}`, ['level'])
  return level
}

function techniquesOf(tags: readonly string[]): string[] {
  const found = tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase() ?? [])
  return [...new Set(found)]
}

function tacticsOf(tags: readonly string[]): Tactic[] {
  const names = new Set(tags.map((tag) => tag.toLowerCase().replace(/^attack\./, '').replaceAll('_', '-')))
  return TACTICS.filter((tactic) => names.has(tactic))
}

function japanese(value: unknown): RuleInfo['ja'] {
  if (!isJsonObject(value)) return undefined
  const title = textOf(value, 'title')
  const description = textOf(value, 'description')
  return { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) }
}

function textOf(document: JsonObject, key: string): string | undefined {
  const value = document[key]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}
