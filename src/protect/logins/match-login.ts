import { decodeEscapes } from '../body/urlencoded.ts'
import type { ClientRequest } from '../proxy/exchange.ts'
import { headerOf } from '../proxy/http1/headers.ts'
import { plainHost } from '../proxy/plain-host.ts'
import type { Login } from './settings.ts'

type Asked = Pick<ClientRequest, 'method' | 'target' | 'headers'>

/** Tells of requests which endpoint they are for, also where the path is spelt another way that applications take for the same. */
export function loginMatcher(logins: readonly Login[]): (request: Asked) => Login | undefined {
  const endpoints = logins.map((login) => ({
    login,
    path: plainPath(login.path),
    host: login.host === undefined ? undefined : plainHost(login.host),
  }))
  const methods = new Set(logins.flatMap((login) => login.methods))
  return ({ method, target, headers }) => {
    if (!methods.has(method)) return undefined
    const asked = plainPath(target)
    const named = headerOf(headers, 'host') ?? ''
    const find = (isMeant: (path: string) => boolean) =>
      endpoints.find(
        ({ login, path, host }) =>
          login.methods.includes(method) && isMeant(path) && (host === undefined || host === plainHost(named)),
      )?.login
    return find((path) => path === asked) ?? find((path) => isSameBeside(path, asked))
  }
}

/**
 * True where applications take `asked` for `path` and what is behind it for something else: path info behind a script (`/login.php/x`,
 * RFC 3875 section 4.1.5), a format behind the name of a route (`/login.json`).
 */
function isSameBeside(path: string, asked: string): boolean {
  if (!asked.startsWith(path) || path === '/') return false
  const isFile = /\.\w+$/.test(path)
  return isFile ? asked[path.length] === '/' : /^\.\w+$/.test(asked.slice(path.length))
}

/** A path without what applications ignore in it: case, escapes, doubled slashes, dots, `;` parameters, a slash at the end. */
export function plainPath(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  const end = path.search(/[?#]/)
  let plain = end === -1 ? path : path.slice(0, end)
  if (plain.includes('%')) plain = decodeEscapes(decodeEscapes(plain))
  const parts: string[] = []
  for (const part of plain.replaceAll('\\', '/').toLowerCase().split('/')) {
    const [name = ''] = part.split(';')
    if (name === '..') parts.pop()
    else if (name !== '' && name !== '.') parts.push(name)
  }
  return `/${parts.join('/')}`
}
