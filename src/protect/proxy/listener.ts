import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { probePeer } from '../../platform/probe-peer.ts'
import { ClientConnection, type ConnectionHandler, type ConnectionLimits } from './http1/client-connection.ts'
import { ClientSession } from './http2/client-session.ts'
import type { Certificates } from './tls/certificates.ts'
import { tlsOf } from './tls/tls-of.ts'

export interface Listener {
  readonly server: Server
  /**
   * No new connections, each open one ends after its answer; resolves when all have, or after `grace` milliseconds by force.
   * Where it `retires`, idle ones stay for as long: to close one is to race with a request that is on its way.
   */
  readonly drain: (grace: number, retires?: boolean) => Promise<void>
}

const SWEEP = 1000
/** Milliseconds between the last word and the end by force. */
const LAST_MOMENT = 500

/**
 * Accepts HTTP/1 connections, in clear, or with certificates over TLS, there HTTP/2 too (ALPN). Deadlines are looked after once
 * a second, for all connections together.
 */
export function createListener(handler: ConnectionHandler, limits: ConnectionLimits, certificates?: Certificates): Listener {
  const connections = new Set<ClientConnection | ClientSession>()
  const now = () => performance.now()
  const keep = (socket: Socket, connection: ClientConnection | ClientSession) => {
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  }
  const accept = (socket: Socket, tls: string | undefined) =>
    keep(socket, new ClientConnection(socket, handler, limits, { now, isTls: tls !== undefined, tls }))
  const server =
    certificates === undefined
      ? createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accept(socket, undefined))
      : createTlsServer(
          {
            ...certificates.fallback,
            noDelay: true,
            honorCipherOrder: true,
            handshakeTimeout: limits.headTime,
            ALPNProtocols: ['h2', 'http/1.1'],
            SNICallback: (name, done) => done(null, certificates.forName(name)),
          },
          (socket: TLSSocket) => {
            if (socket.alpnProtocol === 'h2') keep(socket, new ClientSession(socket, handler, limits))
            else accept(socket, tlsOf(socket))
          },
        )
  // Those too that are still shaking hands.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    probePeer(socket)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const sweeper = setInterval(() => {
    const at = now()
    for (const connection of connections)
      if (connection instanceof ClientConnection && connection.deadline < at) connection.expire()
  }, SWEEP)
  sweeper.unref()
  let closing: Promise<void> | undefined
  return {
    server,
    drain: (grace, retires = false) => {
      for (const connection of connections) {
        if (retires) connection.retire()
        else connection.drain()
      }
      closing ??= new Promise((done) => {
        const force = setTimeout(() => {
          for (const connection of connections) connection.drain()
          setTimeout(() => {
            for (const socket of sockets) socket.destroy()
          }, LAST_MOMENT).unref()
        }, grace)
        server.close(() => {
          clearTimeout(force)
          clearInterval(sweeper)
          done()
        })
      })
      return closing
    },
  }
}
