import { request as httpRequest } from 'node:http'
import { ATTACKS, type Attack, type Place } from './attacks.ts'

export interface Row {
  readonly name: string
  readonly attack: Attack
  readonly place: Place
}

/** The table: each payload at each of its places. */
export const ROWS: readonly Row[] = ATTACKS.flatMap((attack) =>
  attack.places.map((place) => ({ name: `${attack.kind} in the ${place}: ${attack.payload}`, attack, place })),
)

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const BROWSER = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8',
  'accept-language': 'en-GB,en;q=0.9',
  host: 'shop.example',
}

function sent({ attack: { payload }, place }: Row): Sent {
  const json = (path: string, value: unknown): Sent => ({
    method: path === '/graphql' ? 'POST' : 'PUT',
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  })
  switch (place) {
    case 'query':
      return { method: 'GET', path: `/search?q=${encodeURIComponent(payload)}`, headers: {} }
    case 'form':
      return {
        method: 'POST',
        path: '/product/kettle/reviews',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ text: payload }).toString(),
      }
    case 'json':
      return json('/api/cart', { sku: payload, quantity: 1 })
    case 'graphql':
      return json('/graphql', {
        query: 'query($sku: String!) { product(sku: $sku) { name price } }',
        variables: { sku: payload },
      })
    case 'upload':
      return {
        method: 'POST',
        path: '/photos',
        headers: { 'content-type': 'multipart/form-data; boundary=edge' },
        body: `--edge\r\nContent-Disposition: form-data; name="photo"; filename="x.php"\r\nContent-Type: image/png\r\n\r\n${payload}\r\n--edge--\r\n`,
      }
    case 'cookie':
      return { method: 'GET', path: '/account', headers: { cookie: `session=${encodeURIComponent(payload)}` } }
    case 'agent':
      return { method: 'GET', path: '/', headers: { 'user-agent': payload } }
    case 'path':
      return { method: 'GET', path: payload, headers: {} }
  }
}

/** Whether it was the firewall that answered: an application's own 404 stops nothing. */
export function isStopped(port: number, row: Row): Promise<boolean> {
  const { method, path, headers, body } = sent(row)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { ...BROWSER, ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.headers['kanpeki-reference'] !== undefined))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}
