import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { api, createToken, eventually, startServer, temporaryFolder } from './support/kanpeki.ts'

const SENDERS = 4
const EVENTS = 100

const folder = temporaryFolder()
afterAll(() => folder.remove())

type Answer = { readonly status: number; readonly retryAfter: string | undefined } | { readonly fault: string }

function post(agent: Agent, url: string, token: string, body: string): Promise<Answer> {
  return new Promise((resolve) => {
    const sent = request(
      `${url}/_bulk`,
      { agent, method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' } },
      (response) => {
        response.resume()
        response.once('error', (error) => resolve({ fault: `in the answer: ${error.message}` }))
        response.once('end', () => resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }))
      },
    )
    sent.once('error', (error: NodeJS.ErrnoException) => resolve({ fault: error.code ?? error.message }))
    sent.end(body)
  })
}

function batch(sender: number, number: number): string {
  let body = ''
  for (let n = 0; n < EVENTS; n++)
    body += `{"create":{}}\n${JSON.stringify({ message: `event ${n}`, host: { name: `batch-${sender}-${number}` } })}\n`
  return body
}

it.each([1, 2, 3])(
  'SIGTERM under four senders answers everything it took, and loses nothing (round %i)',
  async (round) => {
    const data = join(folder.path, `data-${round}`)
    const server = await startServer(data)
    const token = await createToken(data, 'admin')
    const stream = connect(Number(new URL(server.url).port), '127.0.0.1')
    stream.write(`GET /api/v1/live HTTP/1.1\r\nHost: kanpeki\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    stream.on('error', () => {})

    const acknowledged: string[] = []
    const other: Answer[] = []
    const agent = new Agent({ keepAlive: true, maxSockets: SENDERS })
    let stopped = false
    const senders = Promise.all(
      Array.from({ length: SENDERS }, async (_, sender) => {
        for (let number = 0; !stopped; number++) {
          const answer = await post(agent, server.url, token, batch(sender, number))
          if ('status' in answer && answer.status === 200) acknowledged.push(`batch-${sender}-${number}`)
          else other.push(answer)
        }
      }),
    )
    await eventually('some load', async () => (acknowledged.length >= 10 + round * 7 ? true : undefined))
    const code = await server.stop()
    stopped = true
    await senders
    agent.destroy()
    stream.destroy()
    expect(code).toBe(0)
    for (const answer of other) {
      if ('fault' in answer) expect(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']).toContain(answer.fault)
      else expect([answer.status, answer.retryAfter]).toEqual([503, expect.stringMatching(/^\d+$/)])
    }

    const again = await startServer(data)
    try {
      const count = async (query: string): Promise<number> =>
        (await api<{ count: number }>(again.url, token, '/api/v1/events/count', { query })).count
      for (const name of acknowledged.slice(-20)) expect([name, await count(`host.name:${name}`)]).toEqual([name, EVENTS])
      // Neither one event less than was acknowledged, nor one that was taken without an answer.
      expect(await count('host.name:batch-*')).toBe(acknowledged.length * EVENTS)
      const refused = other.filter((answer) => 'status' in answer).length
      console.log(
        `${acknowledged.length} batches acknowledged, ${refused} refused with 503, ${other.length - refused} not connected`,
      )
    } finally {
      expect(await again.stop()).toBe(0)
    }
  },
  60_000,
)
