import { createHash } from 'node:crypto'
import { LEVELS, type RuleInfo } from '../../../../kernel/detection.ts'
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { ruleInfo } from '../../../rule-info.ts'
import { RuleFault } from '../parse/refuse.ts'
import type { LogSource, RuleTest } from '../rule.ts'

/** Half of a SHA-256 of the document: equal texts are the same version, whatever file they stand in. */
export function versionOf(document: JsonObject): string {
  return createHash('sha256').update(canonicalText(document)).digest('hex').slice(0, 32)
}

function canonicalText(document: JsonObject): string {
  try {
    return canonicalJson(document)
  } catch {
    // YAML writes .inf and .nan; no event can hold them.
    throw new RuleFault('number-infinite', 'a number in it is infinite or none (.inf, .nan)', [])
  }
}

/** `ecs`: fields are named as ECS does, and stand so in the event. */
const TAXONOMIES = ['sigma', 'ecs']

/** What a rule says about itself; what ruleInfo would overlook is refused here. */
export function checkedInfo(document: JsonObject, file: string, version: string): RuleInfo {
  const { title, id, level, taxonomy, status, stop } = document
  if (typeof title !== 'string' || title.trim() === '') throw new RuleFault('title-missing', "there is no 'title'", ['title'])
  if (id !== undefined && id !== null && (typeof id !== 'string' || id.trim() === '')) {
    throw new RuleFault('id-type', "'id' must be a text", ['id'])
  }
  if (level !== undefined && level !== null && !LEVELS.some((each) => each === level)) {
    throw new RuleFault('level-unknown', `'${String(level)}' is not one of ${LEVELS.join(', ')}`, ['level'])
  }
  if (stop !== undefined && stop !== 'kill' && stop !== 'quarantine') {
    throw new RuleFault(
      'stop-unknown',
      `'stop' is what an agent may do at once, kill or quarantine, not ${JSON.stringify(stop)}`,
      ['stop'],
    )
  }
  if (taxonomy !== undefined && taxonomy !== null && !TAXONOMIES.some((each) => each === taxonomy)) {
    throw new RuleFault(
      'taxonomy-unknown',
      `the names of the taxonomy '${String(taxonomy)}' are not known here, so the rule would find nothing`,
      ['taxonomy'],
    )
  }
  if (status === 'unsupported') {
    throw new RuleFault('status-unsupported', "the rule says of itself that it cannot be used ('status: unsupported')", [
      'status',
    ])
  }
  return ruleInfo(document, { file, version })
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
    if (
      typeof name !== 'string' ||
      typeof match !== 'boolean' ||
      !Array.isArray(list) ||
      list.length === 0 ||
      !list.every(isJsonObject)
    ) {
      throw new RuleFault('tests-type', "a test needs 'name', 'match' and 'event' or 'events'", at)
    }
    return { name, match, events: list }
  })
}

function textOf(document: JsonObject, key: string): string | undefined {
  const value = document[key]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}
