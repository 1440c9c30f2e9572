import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** Requests under way at once: a small fleet of shippers, each of which waits for its answer. */
const SENDERS = 16

/** Sends `_bulk` bodies until there are none left; a sender that is told to wait waits. @throws Error for any answer but 200 and 429. */
export async function sendAll(url: string, token: string, bodies: Iterator<Buffer>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS })
  const sender = async (): Promise<void> => {
    for (let next = bodies.next(); next.done !== true; next = bodies.next()) await send(agent, url, token, next.value)
  }
  try {
    await Promise.all(Array.from({ length: SENDERS }, sender))
  } finally {
    agent.destroy()
  }
}

/** The server has said that it is too busy, and does not read all that comes after; the same body is recognised when it comes again. */
const CUT_OFF = new Set(['EPIPE', 'ECONNRESET'])

/** Sends a request until the server takes it: one that is too busy says so. */
export async function send(agent: Agent, url: string, token: string, body: Buffer): Promise<void> {
  for (;;) {
    const status = await new Promise<number | 'cut off'>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-length': body.length }
      const call = request(`${url}/_bulk`, { method: 'POST', agent, headers }, (reply) => {
        reply.resume()
        reply.once('end', () => resolve(reply.statusCode ?? 0))
      })
      call.on('error', (error: NodeJS.ErrnoException) => (CUT_OFF.has(error.code ?? '') ? resolve('cut off') : reject(error)))
      call.end(body)
    })
    if (status === 200) return
    if (status !== 429 && status !== 'cut off') throw new Error(`_bulk answered ${status}`)
    await pause(100)
  }
}
