import { type Draft, safeKey } from '../../normalise/draft.ts'

/** One record of the audit system: `type=… msg=audit(time:serial): fields`. */
export interface AuditRecord {
  readonly type: string
  readonly node: string | undefined
  /** Milliseconds UTC. */
  readonly at: number
  readonly serial: number
  readonly fields: Fields
  /** What the daemon added behind the record in words (`log_format = ENRICHED`): `UID`, `SYSCALL`, `SADDR` …. */
  readonly words: Fields
}

/** Field → value; quotation marks are gone, and texts that were written in hexadecimal are read. */
export type Fields = Readonly<Record<string, string>>

const HEAD = /(?:^|[ :])(?:node=(\S{1,255}) )?type=(\S{2,48}) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,12})\): ?/

/** Behind it stand the interpreted fields. */
const GROUP_SEPARATOR = '\x1d'

/** Its values may be anybody's text: unquoted, they are hexadecimal. */
const UNTRUSTED: ReadonlySet<string> = new Set(
  'comm exe name cwd acct proctitle cmd path key data dir watch new-acct old-acct grp new-disk old-disk ocomm'.split(' '),
)

/** Reads a line; undefined if it is none of the audit system's. */
export function readAuditRecord(line: string): AuditRecord | undefined {
  const match = HEAD.exec(line.slice(0, 1_000))
  if (match === null) return undefined
  const [, node, type = '', seconds, millis, serial] = match
  const rest = line.slice(match.index + match[0].length)
  const end = rest.indexOf(GROUP_SEPARATOR)
  const fields: Record<string, string> = {}
  const words: Record<string, string> = {}
  readPairs(type, end < 0 ? rest : rest.slice(0, end), fields, words)
  if (end >= 0) readPairs(type, rest.slice(end + 1), words, words)
  if (type === 'AVC' || type === 'USER_AVC') readAvc(rest, fields)
  return { type, node, at: Number(seconds) * 1000 + Number(millis), serial: Number(serial), fields, words }
}

/** Names that only interpretations have; where a copy has lost the separator, they stand right behind a value. */
const WORD = /(?:ARCH|SYSCALL|A?UID|GID|[EFOS]{1,4}[UG]ID|SADDR|[A-Z]{1,24}_UID)=/
const NAME = /[A-Za-z0-9_[\]-]/

/** `name=value name="a value" msg='name=value …'`; a word without `=` is no field. */
function readPairs(type: string, text: string, fields: Record<string, string>, words: Record<string, string>): void {
  let at = 0
  while (at < text.length) {
    const equals = text.indexOf('=', at)
    if (equals < 0) return
    let start = equals
    while (start > at && NAME.test(text[start - 1]!)) start--
    const name = text.slice(start, equals)
    const quote = text[equals + 1]
    if (quote === "'" && name === 'msg') {
      const close = text.lastIndexOf("'")
      if (close > equals + 1) {
        readPairs(type, text.slice(equals + 2, close), fields, words)
        at = close + 1
        continue
      }
    }
    if (quote === '"') {
      const close = text.indexOf('"', equals + 2)
      const end = close < 0 ? text.length : close
      set(name, text.slice(equals + 2, end), fields, words)
      at = end + 1
      continue
    }
    let end = text.indexOf(' ', equals)
    if (end < 0) end = text.length
    let value = text.slice(equals + 1, end)
    const glued = value.includes('=') ? WORD.exec(value) : null
    if (glued !== null && glued.index > 0) {
      value = value.slice(0, glued.index)
      end = equals + 1 + glued.index
    }
    set(name, isHexText(type, name, value) ? hexText(value) : value.replace(/,$/, ''), fields, words)
    at = end
  }
}

function set(name: string, value: string, fields: Record<string, string>, words: Record<string, string>): void {
  if (name === '') return
  const upper = /^[A-Z][A-Z_]+$/.test(name)
  const into = upper ? words : fields
  const key = safeKey(name)
  // `op=` of a nested message is the one that says something; a field's first value is the kernel's.
  if (!Object.hasOwn(into, key)) into[key] = value
}

/** `a0`, `a1[2]`: texts in EXECVE, numbers in SYSCALL. */
const ARGUMENT = /^a\d{1,6}(?:\[\d{1,6}\])?$/

function isHexText(type: string, name: string, value: string): boolean {
  if (!(UNTRUSTED.has(name) || (type === 'EXECVE' && ARGUMENT.test(name)))) return false
  return value.length >= 2 && value.length % 2 === 0 && /^[0-9A-F]+$/.test(value)
}

/** Bytes in hexadecimal as text; what is no UTF-8 becomes U+FFFD. */
export function hexText(hex: string): string {
  return Buffer.from(hex, 'hex').toString('utf8')
}

/** `avc:  denied  { read } for  pid=…` says its verdict without names. */
function readAvc(rest: string, fields: Record<string, string>): void {
  const verdict = /avc: {1,2}(denied|granted) {1,2}\{ ([^}]{1,200}) \}/.exec(rest.slice(0, 400))
  if (verdict === null) return
  fields['seresult'] = verdict[1]!
  fields['seperms'] = verdict[2]!
}

/** The value unless the system wrote that there is none: `?`, `(null)`, `(none)`, `unset`, and -1 of unset ids. */
export function said(value: string | undefined): string | undefined {
  if (value === undefined || value === '' || value === '?' || value === '-' || value === '4294967295') return undefined
  return value === '(null)' || value === '(none)' || value === 'unset' ? undefined : value
}

/** Fields that say something, as an object of their own. */
export function saidFields(fields: Fields): Draft {
  const draft: Draft = {}
  for (const name in fields) {
    const value = said(fields[name])
    if (value !== undefined) draft[name] = value
  }
  return draft
}
