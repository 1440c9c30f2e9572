import { createServer, type Server, type Socket } from 'node:net'
import { ClientConnection, type ConnectionHandler, type ConnectionLimits } from './http1/client-connection.ts'

export interface Listener {
  readonly server: Server
  /** No new connections, each open one ends after its answer; resolves when all have, or after `grace` milliseconds by force. */
  readonly drain: (grace: number) => Promise<void>
}

const SWEEP = 1000

/** Accepts HTTP/1 connections in clear. Deadlines are looked after once a second, for all connections together. */
export function createListener(handler: ConnectionHandler, limits: ConnectionLimits): Listener {
  const connections = new Set<ClientConnection>()
  const now = () => performance.now()
  const accept = (socket: Socket) => {
    const connection = new ClientConnection(socket, handler, limits, { now, isTls: false })
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  const sweeper = setInterval(() => {
    const at = now()
    for (const connection of connections) if (connection.deadline < at) connection.expire()
  }, SWEEP)
  sweeper.unref()
  return {
    server,
    drain: (grace) =>
      new Promise((done) => {
        server.close(() => {
          clearTimeout(force)
          clearInterval(sweeper)
          done()
        })
        for (const connection of connections) connection.drain()
        const force = setTimeout(() => {
          for (const connection of connections) connection.destroy()
        }, grace)
      }),
  }
}
