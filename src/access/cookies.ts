import type { IncomingMessage } from 'node:http'
import { cookieOf, isEncrypted } from './authenticate.ts'

/** `device`: a browser that signed in before. `step`: ties what was begun to the browser that began it. */
type CookieKind = 'device' | 'step'

function nameOf(kind: CookieKind, encrypted: boolean): string {
  return `${encrypted ? '__Host-' : ''}kanpeki_${kind}`
}

export function readCookie(request: IncomingMessage, kind: CookieKind): string | undefined {
  return cookieOf(request.headers, nameOf(kind, isEncrypted(request)))
}

export function setCookie(secure: boolean, kind: CookieKind, value: string, seconds: number): string {
  return `${nameOf(kind, secure)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}
