import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { Draft } from '../../normalise/draft.ts'

interface Class {
  readonly category: readonly string[]
  readonly type: readonly string[]
  readonly outcome?: 'success' | 'failure'
}

const FAILED: Class = { category: ['authentication'], type: ['start'], outcome: 'failure' }

/** Groups of Wazuh's own rules, the particular ones first. */
const GROUPS: readonly (readonly [group: string, Class])[] = [
  ['authentication_failures', { category: ['authentication'], type: ['info'], outcome: 'failure' }],
  ['authentication_failed', FAILED],
  ['invalid_login', FAILED],
  ['win_authentication_failed', FAILED],
  ['authentication_success', { category: ['authentication'], type: ['start'], outcome: 'success' }],
  ['adduser', { category: ['iam'], type: ['user', 'creation'] }],
  ['account_changed', { category: ['iam'], type: ['user', 'change'] }],
  ['syscheck', { category: ['file'], type: ['change'] }],
  ['vulnerability-detector', { category: ['vulnerability'], type: ['info'] }],
  ['rootcheck', { category: ['malware'], type: ['info'] }],
  ['web', { category: ['web'], type: ['access'] }],
]
const OTHER: Class = { category: ['intrusion_detection'], type: ['info'] }

/** Category, type and outcome by the rule's groups. An alert that a rule raised over several others repeats them: it is `info`. */
export function classOf(rule: JsonObject): Draft {
  const groups: JsonValue = rule['groups'] ?? []
  const named = Array.isArray(groups) ? (groups as readonly JsonValue[]) : [groups]
  const { category, type, outcome } = GROUPS.find(([group]) => named.includes(group))?.[1] ?? OTHER
  const made: Draft = { category: [...category], type: rule['frequency'] === undefined ? [...type] : ['info'] }
  if (outcome !== undefined) made['outcome'] = outcome
  return made
}
