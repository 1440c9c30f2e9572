import { KanpekiError } from '../../kernel/error.ts'
import { isLoopback } from './loopback.ts'

export interface TlsChoice {
  readonly host: string
  readonly tls: 'auto' | 'on' | 'off'
  readonly 'tls-cert': string | null
}

/**
 * Whether a bind speaks TLS: `auto` does unless only this host can reach it and no certificate was given.
 * @throws KanpekiError `no_tls` where it is off and others could listen in.
 */
export function usesTls({ host, tls, 'tls-cert': cert }: TlsChoice): boolean {
  if (tls === 'on') return true
  if (tls === 'auto') return !isLoopback(host) || cert !== null
  if (isLoopback(host)) return false
  throw new KanpekiError('no_tls', `Listening on ${host} without TLS would send passwords and events in plain text.`, {
    place: { field: 'tls' },
    remedy: 'Leave out tls: off; or listen on 127.0.0.1 and put a TLS proxy in front.',
  })
}
