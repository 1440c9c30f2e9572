import type { TLSSocket } from 'node:tls'

/** What the handshake came to, as `TLSv1.3 TLS_AES_256_GCM_SHA384`. */
export function tlsOf(socket: TLSSocket): string {
  return `${socket.getProtocol() ?? 'TLS'} ${socket.getCipher()?.name ?? ''}`
}
