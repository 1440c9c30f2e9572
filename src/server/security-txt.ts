import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'

const DAY_MS = 86_400_000
/** RFC 9116 §2.5.5 recommends less than a year. It is reckoned from each day, so that a running server's never lapses. */
const VALID_DAYS = 180

export interface SecurityTxtDeps {
  /** URIs in order of preference. */
  readonly contacts: readonly string[]
  /** The console's public origin, if it is known. */
  readonly origin: string | null
  readonly clock: Clock
}

/** Whom to tell about a hole in this installation (RFC 9116). */
export function securityTxtRoute(deps: SecurityTxtDeps): Route {
  return route({
    method: 'GET',
    path: '/.well-known/security.txt',
    permission: 'public',
    summary: 'Whom to tell about a vulnerability (RFC 9116)',
    handle: async () => {
      if (deps.contacts.length === 0) {
        throw new KanpekiError('not_found', 'This installation names nobody to tell about vulnerabilities.', {
          remedy: 'Set security-contact, for example to mailto:security@example.com.',
        })
      }
      return new RawReply('text/plain; charset=utf-8', securityTxt(deps), { 'cache-control': 'max-age=86400' })
    },
  })
}

/** The file's text, lines ending in CRLF. */
export function securityTxt({ contacts, origin, clock }: SecurityTxtDeps): string {
  const expires = new Date((Math.floor(clock.now() / DAY_MS) + VALID_DAYS) * DAY_MS)
  const lines = [
    ...contacts.map((contact) => `Contact: ${contact}`),
    `Expires: ${expires.toISOString().replace('.000Z', 'Z')}`,
    'Preferred-Languages: en, ja',
    ...(origin === null ? [] : [`Canonical: ${origin}/.well-known/security.txt`]),
  ]
  return `${lines.join('\r\n')}\r\n`
}
