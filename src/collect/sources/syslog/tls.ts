import type { Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import { messageOf } from '../../../kernel/error.ts'
import type { SourceTls } from '../../../kernel/plugin.ts'

const HANDSHAKE_MS = 20_000
/** How long a machine's revoked certificate can go on sending over a connection that was open before. */
const LOOK_AGAIN_MS = 10_000

export interface SecureServer {
  readonly server: Server
  /** Ends every connection, those too that have not come through their handshake. */
  destroy(): void
  /** After the server has closed. */
  close(): void
}

/**
 * A TLS server for syslog (RFC 5425 §4.2). A certificate that a client shows must be one of a machine enrolled here; whether it must show
 * one is for the settings to say. Nothing is read of a connection before that is known.
 * @param demanded connections without a certificate are refused. @param take gets each connection that may send.
 * @param failed told of handshakes that failed and certificates that were refused.
 */
export function createSecureServer(
  tls: SourceTls,
  demanded: boolean,
  take: (socket: Socket) => void,
  failed: (text: string) => void,
): SecureServer {
  const raw = new Set<Socket>()
  const machines = new Map<TLSSocket, Uint8Array>()
  let failures = 0
  const fail = (address: string | undefined, reason: string): void =>
    failed(`${++failures} TLS connections were refused; the last, from ${address ?? 'unknown'}: ${reason}`)

  async function allowed(socket: TLSSocket, certificate: Uint8Array): Promise<boolean> {
    try {
      await tls.machineOf(certificate)
      return true
    } catch (error) {
      fail(socket.remoteAddress, messageOf(error))
      socket.destroy()
      return false
    }
  }

  const server = createServer({
    ...options(tls),
    requestCert: true,
    // Whether a certificate is good is asked of the database; the handshake only demands one.
    rejectUnauthorized: demanded,
    handshakeTimeout: HANDSHAKE_MS,
  })
  server.on('connection', (socket: Socket) => {
    raw.add(socket)
    socket.once('close', () => raw.delete(socket))
  })
  server.on('tlsClientError', (error, socket) => {
    fail(socket.remoteAddress, error.message)
    socket.destroy()
  })
  server.on('secureConnection', (socket) => {
    const certificate = socket.getPeerX509Certificate()?.raw
    if (certificate === undefined) return take(socket)
    // Between now and the answer nobody else listens.
    socket.on('error', () => {})
    void allowed(socket, certificate).then((yes) => {
      if (!yes || socket.destroyed) return
      machines.set(socket, certificate)
      socket.once('close', () => machines.delete(socket))
      take(socket)
    })
  })
  const endChange = tls.onChange(() => server.setSecureContext(options(tls)))
  const timer = setInterval(() => {
    for (const [socket, certificate] of machines) void allowed(socket, certificate)
  }, LOOK_AGAIN_MS)
  timer.unref()
  return {
    server,
    destroy: () => {
      for (const socket of raw) socket.destroy()
    },
    close() {
      clearInterval(timer)
      endChange()
    },
  }
}

function options(tls: SourceTls): SecureContextOptions {
  const { ca, ...context } = tls.context()
  return { ...context, ca: [...ca], honorCipherOrder: true }
}
