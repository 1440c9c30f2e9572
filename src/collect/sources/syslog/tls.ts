import type { Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import { messageOf } from '../../../kernel/error.ts'
import type { SourceTls } from '../../../kernel/plugin.ts'

const HANDSHAKE_MS = 20_000
/** How long a machine whose certificate was revoked may go on over a connection that was open before. */
const LOOK_AGAIN_MS = 10_000

export interface SecureServing {
  readonly tls: SourceTls
  /** Connections without a certificate are refused. */
  readonly demanded: boolean
  /** Gets each connection that may send. */
  readonly take: (socket: Socket) => void
  /** Told of handshakes that failed and certificates that were refused. */
  readonly failed: (text: string) => void
  /** The settings' limit for a message that has begun: a handshake gets no longer either. */
  readonly timeoutMs: number
  readonly lookAgainMs?: number
}

export interface SecureServer {
  readonly server: Server
  /** Resets every connection, those too that have not come through their handshake. */
  reset(): void
  /** After the server has closed. */
  close(): void
}

/**
 * A TLS server for syslog (RFC 5425 §4.2). A certificate that a client shows must be one of a machine enrolled here; whether it must show
 * one is for the settings to say. Nothing is read of a connection before that is known.
 */
export function createSecureServer({ tls, demanded, take, failed, timeoutMs, lookAgainMs }: SecureServing): SecureServer {
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
    // Whether a certificate is good is asked of the database, and a refusal is to have its reason.
    rejectUnauthorized: false,
    handshakeTimeout: Math.min(HANDSHAKE_MS, timeoutMs),
  })
  server.on('connection', (socket: Socket) => {
    raw.add(socket)
    socket.once('close', () => raw.delete(socket))
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Who only looks whether the port is open needs nobody's attention.
    if (error.code !== 'ECONNRESET') fail(socket.remoteAddress, error.message)
    socket.destroy()
  })
  server.on('secureConnection', (socket) => {
    const certificate = socket.getPeerX509Certificate()?.raw
    if (certificate === undefined) {
      if (!demanded) return take(socket)
      fail(socket.remoteAddress, 'it shows no certificate, and the settings demand one')
      socket.on('error', () => {})
      socket.destroy()
      return
    }
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
  }, lookAgainMs ?? LOOK_AGAIN_MS)
  timer.unref()
  return {
    server,
    reset() {
      for (const socket of raw) socket.resetAndDestroy()
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
