import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JsonObject } from '../../../kernel/json.ts'

export const TAXII_TYPE = 'application/taxii+json;version=2.1'

export interface TaxiiServer {
  /** Of the collection, with the slash at its end. */
  readonly collection: string
  /** Paths with their queries, as they were asked for. */
  readonly asked: string[]
  /** Objects with the time at which they were added, RFC 3339. */
  readonly objects: { readonly added: string; readonly object: JsonObject }[]
  close(): Promise<void>
}

/**
 * A TAXII 2.1 server after OASIS's text, since neither npm nor Debian has one: content negotiation (406), Basic authentication (401),
 * `added_after`, `match[type]`, `limit` and `next`, the empty envelope, and the headers with first and last time of a page.
 * @param most objects of one page, whatever the client asks for.
 */
export async function startTaxiiServer(
  most: number,
  login: { readonly user: string; readonly password: string },
): Promise<TaxiiServer> {
  const asked: string[] = []
  const objects: TaxiiServer['objects'] = []
  const expected = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`
  const server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const path = '/api1/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/'
  return { collection: `http://127.0.0.1:${port}${path}`, asked, objects, close: () => closed(server) }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server')
    asked.push(`${url.pathname}${url.search}`)
    if (request.headers.authorization !== expected) {
      send(response, 401, { title: 'Unauthorized' })
      return
    }
    if (!/^application\/taxii\+json(?:;\s*version=2\.1)?$/.test(request.headers.accept ?? '')) {
      send(response, 406, { title: 'Not Acceptable' })
      return
    }
    if (url.pathname !== `${path}objects/`) {
      send(response, 404, { title: 'Not Found' })
      return
    }
    const after = url.searchParams.get('added_after')
    const type = url.searchParams.get('match[type]')
    const matching = objects
      .filter(({ added, object }) => (after === null || added > after) && (type === null || object['type'] === type))
      .sort((a, b) => (a.added < b.added ? -1 : 1))
    const from = Number(url.searchParams.get('next') ?? 0)
    const page = matching.slice(from, from + Math.min(most, Number(url.searchParams.get('limit') ?? most)))
    if (page.length === 0) {
      send(response, 200, {})
      return
    }
    const to = from + page.length
    response.setHeader('X-TAXII-Date-Added-First', page[0]!.added)
    response.setHeader('X-TAXII-Date-Added-Last', page.at(-1)!.added)
    const more = to < matching.length
    send(response, 200, { more, ...(more ? { next: String(to) } : {}), objects: page.map(({ object }) => object) })
  }
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': TAXII_TYPE }).end(JSON.stringify(body))
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
