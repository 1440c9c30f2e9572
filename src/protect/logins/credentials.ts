import { readJson } from '../body/json.ts'
import { readMultipart } from '../body/multipart.ts'
import { readUrlencoded } from '../body/urlencoded.ts'
import { type HeaderLine, headerOf, valuesOf } from '../proxy/http1/headers.ts'
import type { Login } from './settings.ts'

export interface Credentials {
  /** In one spelling, so that `Sato@Example.com ` and `sato@example.com` are one account; empty where there is none. */
  readonly account: string
  readonly password: string
  /** Two readers could take it differently: a field twice with other values, a body that does not end or is cut off. */
  readonly isAmbiguous: boolean
}

/** Bytes of a login's body; people write less. */
export const LOGIN_BODY = 64 * 1024
const MOST_ARGUMENTS = 200
const DEEPEST = 8
const LONGEST_ACCOUNT = 320
const NOBODY: Credentials = { account: '', password: '', isAmbiguous: false }

/** Who an attempt says it is. The type that a client states is not relied on: JSON is read as JSON whatever it is called. */
export function readCredentials(login: Login, headers: readonly HeaderLine[], body: Buffer, truncated: boolean): Credentials {
  if (login.basic) return basicCredentials(headers)
  if (truncated) return { ...NOBODY, isAmbiguous: true }
  const type = headerOf(headers, 'content-type') ?? ''
  const text = body.toString('latin1')
  const limits = { contentType: type, argumentSeparator: '&', argumentsLimit: MOST_ARGUMENTS, depthLimit: DEEPEST }
  const isJson = /^(?:\xef\xbb\xbf)?\s*[{[]/.test(text)
  const read = /^multipart\//i.test(type) ? readMultipart : isJson ? readJson : readUrlencoded
  const { args, error, flags = NO_FLAGS } = read(text, limits)
  const accounts = valuesNamed(args, login.username, isJson)
  const passwords = valuesNamed(args, login.password, isJson)
  return {
    account: accountOf(accounts[0] ?? ''),
    password: utf8(passwords[0] ?? ''),
    isAmbiguous:
      error !== undefined || accounts.length > 1 || passwords.length > 1 || [...flags].some((flag) => DIVIDED.has(flag)),
  }
}

const NO_FLAGS: ReadonlySet<string> = new Set()
/** Faults of a multipart form by which two servers come to other fields. */
const DIVIDED = new Set([
  'MULTIPART_DATA_BEFORE',
  'MULTIPART_HEADER_FOLDING',
  'MULTIPART_LF_LINE',
  'MULTIPART_MISSING_SEMICOLON',
  'MULTIPART_INVALID_QUOTING',
  'MULTIPART_INVALID_PART',
])

/** The different values of a field. Names of form fields are compared as they are, and as PHP reads them. */
function valuesNamed(args: readonly (readonly [string, string])[], field: string, isJson: boolean): string[] {
  const wanted = isJson ? `json.${field}` : phpName(field)
  const found = args.filter(([name]) => (isJson ? name : phpName(name)) === wanted).map(([, value]) => value)
  return [...new Set(found)]
}

/** To PHP ` user.name`, `user[name`, `user_name[]` and `user_name` before a NUL are all `user_name`. */
function phpName(name: string): string {
  const [whole = ''] = name.replace(/^ +/, '').split('\0')
  const open = whole.indexOf('[')
  const isList = open > 0 && whole.indexOf(']', open) !== -1
  const base = (isList ? whole.slice(0, open) : whole).replace(/[ .[]/g, '_')
  return isList && whole.slice(open) !== '[]' ? base + whole.slice(open) : base
}

function basicCredentials(headers: readonly HeaderLine[]): Credentials {
  const given = valuesOf(headers, 'authorization')
  const [, encoded] = /^basic\s+([A-Za-z0-9+/=_-]+)\s*$/i.exec(given[0] ?? '') ?? []
  if (encoded === undefined) return { ...NOBODY, isAmbiguous: given.length > 1 }
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return NOBODY
  return { account: spelled(text.slice(0, colon)), password: text.slice(colon + 1), isAmbiguous: given.length > 1 }
}

function accountOf(bytes: string): string {
  return spelled(utf8(bytes))
}

function spelled(account: string): string {
  return account.normalize('NFKC').trim().toLowerCase().slice(0, LONGEST_ACCOUNT)
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
