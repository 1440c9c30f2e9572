import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { MINIMUM_KINDS, type MinimumKind } from './schema.ts'

export function bitOf(kind: MinimumKind): number {
  return 1 << MINIMUM_KINDS.indexOf(kind)
}

const bits = (...kinds: readonly MinimumKind[]): number => kinds.reduce((all, kind) => all | bitOf(kind), 0)

const SIGN_IN_SUCCESS = bitOf('sign-in-success')
const SIGN_IN_FAILURE = bitOf('sign-in-failure')
const ACCESS_DENIED = bitOf('access-denied')
const INPUT_VALIDATION = bitOf('input-validation')
const PRIVILEGE_CHANGE = bitOf('privilege-change')
const SETTING_CHANGE = bitOf('security-setting-change')
const DATA_DELETION = bitOf('data-deletion')
const LINUX_FILE = bitOf('linux-file-access')
const LINUX_CALLS = bitOf('linux-system-calls')
const LINUX_COMMANDS = bitOf('linux-commands')
const LINUX_NETWORK = bitOf('linux-network')

/** Event ids of the Security channel (and 104 of System), by Microsoft's "Appendix L: Events to Monitor". */
const WINDOWS_CODES: ReadonlyMap<string, number> = new Map(
  (
    [
      [bits('windows-sign-in'), '4624 4625 4634 4647 4648 4778 4779'],
      [bits('windows-object-access'), '4656 4658 4661 4663 4670 5140 5142 5143 5144 5145'],
      [
        bits('windows-policy-change', 'security-setting-change'),
        '4706 4707 4713 4716 4719 4739 4817 4865 4866 4867 4902 4906 4907 4912',
      ],
      [bits('privilege-change'), '4672 4704 4705 4717 4718 4728 4729 4732 4733 4756 4757'],
      [bits('security-setting-change'), '4946 4947 4948 4950 5025 5027 5030'],
      [bits('password-reset'), '4723 4724'],
      [bits('windows-object-access', 'data-deletion'), '4660'],
      [bits('log-tampering', 'security-setting-change'), '1102 104 1100'],
    ] as const
  ).flatMap(([mask, codes]) => codes.split(' ').map((code) => [code, mask] as const)),
)

/** Words in `event.action`, whoever wrote it: our parsers, cloud audit logs, applications. */
const ACTION_WORDS: readonly (readonly [RegExp, number])[] = [
  [
    /(?:reset|chang|recover|forg[eo]t|updat|set)\w*[-_. ]?(?:\w+[-_. ])?passw|passw\w*[-_. ]?(?:reset|chang|recover|updat)/i,
    bits('password-reset'),
  ],
  [/mfa|\b[th]?otp\b|totp|webauthn|passkey|(?:second|two|multi|2)[-_. ]?factor/i, bits('second-factor')],
  [
    /(?:clear|delet|remov|truncat|stop|disabl)\w*[-_. ]?(?:\w+[-_. ]){0,2}(?:log|audit|trail)|(?:audit|log|trail)\w*[-_. ]?(?:clear|delet|stop|disabl)|shutdown-audit|changed-audit/i,
    bits('log-tampering'),
  ],
  [/waf|sql[-_. ]?injection|\bxss\b|input[-_. ]validation/i, bits('input-validation')],
]
const actions = new Map<string, number>()
const REMEMBERED = 4096

const LINUX_SYSMON = 'Linux-Sysmon'

/** Which of the minimum kinds an event is, as a mask of bits. Asked of every event: reads of members and no copies. */
export function minimumKindsOf(doc: JsonObject): number {
  const event = doc['event']
  if (!isJsonObject(event)) return 0
  const types = event['type']
  const action = event['action']
  const winlog = doc['winlog']
  // Sysmon for Linux writes as Windows does.
  const windows = winlog !== undefined && !(isJsonObject(winlog) && winlog['provider_name'] === LINUX_SYSMON)
  let mask = typeof action === 'string' ? byAction(action) : 0
  const code = event['code']
  if (windows) mask |= (typeof code === 'string' ? WINDOWS_CODES.get(code) : undefined) ?? 0
  else if (code === 'SYSCALL') mask |= LINUX_CALLS
  if (has(types, 'denied')) mask |= ACCESS_DENIED
  const categories = event['category']
  if (Array.isArray(categories)) for (const one of categories) mask |= byCategory(one, event, types, doc, windows)
  else if (typeof categories === 'string') mask |= byCategory(categories, event, types, doc, windows)
  return mask
}

function byCategory(
  category: JsonValue,
  event: JsonObject,
  types: JsonValue | undefined,
  doc: JsonObject,
  windows: boolean,
): number {
  switch (category) {
    case 'authentication':
      if (!has(types, 'start')) return 0
      return event['outcome'] === 'success' ? SIGN_IN_SUCCESS : event['outcome'] === 'failure' ? SIGN_IN_FAILURE : 0
    case 'web':
      return webMask(doc)
    case 'iam':
      return has(types, 'admin') || has(types, 'group') ? PRIVILEGE_CHANGE : 0
    case 'configuration':
      return has(types, 'change') || has(types, 'deletion') || has(types, 'creation') ? SETTING_CHANGE : 0
    case 'database':
      return has(types, 'deletion') ? DATA_DELETION : 0
    case 'api':
      return (
        (has(types, 'deletion') ? DATA_DELETION : 0) |
        (event['outcome'] === 'failure' && refused(doc) ? ACCESS_DENIED : 0) |
        webMask(doc)
      )
    case 'file':
      return (has(types, 'deletion') ? DATA_DELETION : 0) | (windows ? 0 : LINUX_FILE) | deniedWhereFailed(event)
    case 'registry':
      return deniedWhereFailed(event)
    case 'process':
      return !windows && has(types, 'start') ? LINUX_COMMANDS : 0
    case 'network':
      return has(types, 'connection') && (event['code'] === 'SYSCALL' || (!windows && doc['winlog'] !== undefined))
        ? LINUX_NETWORK
        : 0
    case 'intrusion_detection':
    case 'threat':
      return doc['http'] !== undefined || doc['url'] !== undefined ? INPUT_VALIDATION : 0
    default:
      return 0
  }
}

function deniedWhereFailed(event: JsonObject): number {
  return event['outcome'] === 'failure' ? ACCESS_DENIED : 0
}

function webMask(doc: JsonObject): number {
  const http = doc['http']
  const response = isJsonObject(http) ? http['response'] : undefined
  const status = isJsonObject(response) ? response['status_code'] : undefined
  return status === 403 || status === 401 ? ACCESS_DENIED : 0
}

const REFUSED = /denied|unauthorized|forbidden/i

function refused(doc: JsonObject): boolean {
  const error = doc['error']
  const code = isJsonObject(error) ? error['code'] : undefined
  return typeof code === 'string' && REFUSED.test(code)
}

function has(value: JsonValue | undefined, word: string): boolean {
  return Array.isArray(value) ? value.includes(word) : value === word
}

function byAction(action: string): number {
  const known = actions.get(action)
  if (known !== undefined) return known
  const short = action.slice(0, 200)
  const mask = ACTION_WORDS.reduce((all, [words, bit]) => (words.test(short) ? all | bit : all), 0)
  if (actions.size >= REMEMBERED) actions.clear()
  actions.set(action, mask)
  return mask
}
