import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly json: unknown
}

export interface Recorder {
  readonly url: string
  readonly asked: Asked[]
  /** Answers the next requests; undefined answers 404. */
  answer: (asked: Asked) => { readonly status?: number; readonly body?: unknown } | undefined
  stop(): Promise<void>
}

/** A local HTTP server that keeps what it is asked, and answers as a test says. */
export async function startRecorder(): Promise<Recorder> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString('utf8')
    const one: Asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      text,
      json: text.startsWith('{') || text.startsWith('[') ? (JSON.parse(text) as unknown) : undefined,
    }
    asked.push(one)
    const answer = recorder.answer(one)
    const body = answer?.body === undefined ? '' : typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    response.writeHead(answer === undefined ? 404 : (answer.status ?? 200), { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const recorder: Recorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: () => ({}),
    stop: () =>
      new Promise((stopped) => {
        server.closeAllConnections()
        server.close(() => stopped())
      }),
  }
  return recorder
}
