import { decodeEscapes } from '../body/urlencoded.ts'
import type { ClientRequest } from '../proxy/exchange.ts'
import { headerOf } from '../proxy/http1/headers.ts'
import type { Login } from './settings.ts'

/** The endpoint that a request is for, also where its path is spelt another way that applications take for the same. */
export function matchLogin(
  logins: readonly Login[],
  request: Pick<ClientRequest, 'method' | 'target' | 'headers'>,
): Login | undefined {
  const { method, target, headers } = request
  let path: string | undefined
  let host: string | undefined
  for (const login of logins) {
    if (!login.methods.includes(method)) continue
    path ??= plainPath(target)
    if (path !== plainPath(login.path)) continue
    if (login.host === undefined) return login
    host ??= (headerOf(headers, 'host') ?? '').toLowerCase().replace(/:\d+$/, '')
    if (host === login.host.toLowerCase()) return login
  }
  return undefined
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
