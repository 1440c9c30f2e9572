import { KanpekiError } from '../../kernel/error.ts'
import { type PurlRules, rulesOf } from './types.ts'

/** A package URL's parts, decoded and normalised (ECMA-427, "Package-URL specification"). */
export interface Purl {
  readonly type: string
  readonly namespace?: string
  readonly name: string
  readonly version?: string
  readonly qualifiers?: Readonly<Record<string, string>>
  readonly subpath?: string
}

function refuse(text: string, reason: string): never {
  throw new KanpekiError('purl_invalid', `"${text}" is no package URL: ${reason}`, {
    remedy: 'write it as pkg:TYPE/NAMESPACE/NAME@VERSION',
  })
}

function decode(text: string, whole: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(whole, `"${text}" is not percent-encoded UTF-8`)
  }
}

/** Letters, digits, `.-_~` and the colon stand for themselves; all else is encoded. */
const encode = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const segments = (path: string): string[] => path.split('/').filter((segment) => segment !== '')

const normaliseVersion = (version: string, { lowerVersion }: PurlRules): string =>
  lowerVersion === true ? version.toLowerCase() : version

interface Loose {
  readonly type: string
  readonly namespace?: string | null | undefined
  readonly name: string
  readonly version?: string | null | undefined
  readonly qualifiers?: Readonly<Record<string, string>> | null | undefined
  readonly subpath?: string | null | undefined
}

function checkQualifiers(given: Readonly<Record<string, string>>, whole: string): Record<string, string> {
  const kept: [string, string][] = []
  for (const key of Object.keys(given).toSorted()) {
    if (!/^[a-z.\-_][a-z0-9.\-_]*$/.test(key))
      refuse(whole, `"${key}" is no name of a qualifier, which is written in small letters`)
    if (given[key] !== '') kept.push([key, given[key]!])
  }
  return Object.fromEntries(kept)
}

/** Normalises parts and checks them against the rules of their type. Throws `purl_invalid`, which says what is wrong. */
export function makePurl(parts: Loose): Purl {
  const whole = `pkg:${parts.type}/${parts.namespace ? `${parts.namespace}/` : ''}${parts.name}`
  const type = parts.type.toLowerCase()
  if (type === '') refuse(whole, 'it has no type')
  if (!/^[a-z.-][a-z0-9.-]*$/.test(type)) refuse(whole, `"${parts.type}" is no type`)
  const rules = rulesOf(type)
  const qualifiers = checkQualifiers(parts.qualifiers ?? {}, whole)
  let namespace = segments(parts.namespace ?? '').join('/')
  let name = parts.name.replace(/^\/+|\/+$/g, '')
  if (rules.lowerNamespace === true) namespace = namespace.toLowerCase()
  if (rules.name !== undefined) name = rules.name(name, qualifiers, namespace)
  if (name === '') refuse(whole, 'it has no name')
  const version = parts.version == null || parts.version === '' ? undefined : normaliseVersion(parts.version, rules)
  const subpath = segments(parts.subpath ?? '')
    .filter((segment) => segment !== '.' && segment !== '..')
    .join('/')
  if (rules.namespace === 'required' && namespace === '') refuse(whole, `${type} asks for a namespace`)
  if (rules.namespace === 'none' && namespace !== '') refuse(whole, `${type} has no namespaces`)
  const fault = rules.check?.({ namespace, name, version, qualifiers })
  if (fault !== undefined) refuse(whole, fault)
  return {
    type,
    ...(namespace === '' ? {} : { namespace }),
    name,
    ...(version === undefined ? {} : { version }),
    ...(Object.keys(qualifiers).length === 0 ? {} : { qualifiers }),
    ...(subpath === '' ? {} : { subpath }),
  }
}

function parseQualifiers(text: string, whole: string, strict: boolean): Record<string, string> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals <= 0) refuse(whole, `the qualifier "${pair}" has no value`)
    if (strict && /^[A-Z]/.test(pair)) refuse(whole, `the qualifier "${pair.slice(0, equals)}" begins with a capital`)
    const key = pair.slice(0, equals).toLowerCase()
    if (key in found) refuse(whole, `qualifier "${key}" is given twice`)
    found[key] = decode(pair.slice(equals + 1), whole)
  }
  return found
}

/**
 * Reads a package URL; throws `purl_invalid`. What is written in the wrong case is mended, unless `strict` asks for a
 * qualifier that begins with a capital to be refused, as the public tests do of a parser, and not of a validator.
 */
export function parsePurl(text: string, { strict = false }: { readonly strict?: boolean } = {}): Purl {
  const whole = text.trim()
  const [beforeSubpath, subpath] = cut(whole, '#')
  const [beforeQualifiers, qualifiers] = cut(beforeSubpath, '?')
  const scheme = /^pkg:\/*/i.exec(beforeQualifiers)
  if (scheme === null) return refuse(whole, 'it does not begin with pkg:')
  const path = beforeQualifiers.slice(scheme[0].length).replace(/\/+$/, '')
  const slash = path.indexOf('/')
  if (slash <= 0) return refuse(whole, 'it has no type and name')
  const type = path.slice(0, slash).toLowerCase()
  let rest = path.slice(slash + 1).replace(/^\/+/, '')
  // A version begins at the last `@` of the last part: the `@` of npm's scopes is encoded, or opens the path.
  const at = rest.lastIndexOf('@')
  let version: string | undefined
  if (at >= 0 && (at > 0 || rest.indexOf('/') < 0) && !(rest.slice(at).includes('/') && rest[at - 1] === '/')) {
    version = decode(rest.slice(at + 1), whole)
    rest = rest.slice(0, at)
  }
  if (version !== undefined && rest.endsWith('/')) refuse(whole, 'it has no name before its version')
  const parts = segments(rest)
  const wide = rulesOf(type).nameSegments?.(parts) ?? 1
  const name = parts
    .slice(-wide)
    .map((segment) => decode(segment, whole))
    .join('/')
  return makePurl({
    type,
    namespace: parts
      .slice(0, -wide)
      .map((segment) => decode(segment, whole))
      .join('/'),
    name,
    version,
    qualifiers: qualifiers === undefined ? undefined : parseQualifiers(qualifiers, whole, strict),
    subpath:
      subpath === undefined
        ? undefined
        : segments(subpath)
            .map((segment) => decode(segment, whole))
            .join('/'),
  })
}

/** Cuts at the last occurrence, so that what was left unencoded before it stays where it is. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.lastIndexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** The canonical text: equal packages are written alike. */
export function writePurl({ type, namespace, name, version, qualifiers, subpath }: Purl): string {
  const path = [...segments(namespace ?? ''), ...segments(name)].map(encode).join('/')
  const query = Object.entries(qualifiers ?? {})
    .map(([key, value]) => `${key}=${encode(value)}`)
    .join('&')
  return `pkg:${type}/${path}${version === undefined ? '' : `@${encode(version)}`}${query === '' ? '' : `?${query}`}${
    subpath === undefined ? '' : `#${segments(subpath).map(encode).join('/')}`
  }`
}
