import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Wanted {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly encodedBody?: string
}

export interface Application {
  readonly url: string
  readonly close: () => void
}

/**
 * The application that the Core Rule Set's tests stand before: anything is answered with 200 and no body, `POST /reflect` with the
 * status, headers and body that its JSON asks for.
 */
export async function reflectApplication(): Promise<Application> {
  const server = createServer({ insecureHTTPParser: true, maxHeaderSize: 1 << 20 }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const isReflect = request.method === 'POST' && (request.url ?? '').split('?')[0]!.replace(/\/$/, '') === '/reflect'
      if (isReflect) reflect(response, Buffer.concat(chunks).toString('utf8'))
      else response.setHeader('content-length', 0).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function reflect(response: ServerResponse, text: string): void {
  let wanted: Wanted
  try {
    wanted = JSON.parse(text) as Wanted
  } catch {
    response.writeHead(400).end('not JSON')
    return
  }
  const body = wanted.body === undefined ? Buffer.from(wanted.encodedBody ?? '', 'base64') : Buffer.from(wanted.body)
  for (const [name, value] of Object.entries(wanted.headers ?? {})) {
    try {
      response.setHeader(name, value)
    } catch {
      // A header that no server could send: left out, as the original does.
    }
  }
  if (body.length > 0 && !response.hasHeader('content-type'))
    response.setHeader('content-type', body.includes('<') ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8')
  response.setHeader('content-length', body.length)
  response.writeHead(wanted.status ?? 200).end(body)
}
