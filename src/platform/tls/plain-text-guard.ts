import type { Server } from 'node:https'
import type { Socket } from 'node:net'

/** The first byte of a TLS record that begins a handshake (RFC 8446 §5.1). */
const HANDSHAKE = 0x16
const FIRST_BYTE_WITHIN_MS = 20_000

/**
 * Answers clients that speak plain HTTP to a TLS port with a 400 that says so, instead of a connection that just ends.
 * Works by looking at each connection's first byte before TLS gets it.
 * @returns what ends every connection, those too that have sent nothing or are amid their handshake: the server itself
 *   does not know of them, and would wait for them to stop.
 */
export function refusePlainText(server: Server): () => void {
  const open = new Set<Socket>()
  const takers = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), FIRST_BYTE_WITHIN_MS)
    const failed = (): void => {
      socket.destroy()
    }
    open.add(socket)
    socket.once('error', failed)
    socket.once('close', () => {
      clearTimeout(timer)
      open.delete(socket)
    })
    socket.once('data', (chunk: Buffer) => {
      clearTimeout(timer)
      if (chunk[0] !== HANDSHAKE) {
        // An error of the answer is the client's going away.
        answer(socket)
        return
      }
      socket.off('error', failed)
      socket.pause()
      socket.unshift(chunk)
      for (const taker of takers) taker.call(server, socket)
    })
  })
  return () => {
    for (const socket of open) socket.destroy()
  }
}

function answer(socket: Socket): void {
  const body = JSON.stringify({
    type: 'about:blank',
    title: 'Bad request',
    status: 400,
    code: 'tls_required',
    detail: 'This port speaks TLS, and the request came in plain text.',
    remedy: 'Begin the address with https:// instead of http://.',
  })
  socket.setTimeout(FIRST_BYTE_WITHIN_MS, () => socket.destroy())
  // What is still sent is read away: closing at once would reset the connection under the answer.
  socket.resume()
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
