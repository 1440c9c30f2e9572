import type { TransactionRecord, Waf } from '../transaction.ts'

/** A request as a test writes it: what is not said is as a browser sends it. */
export interface Asked {
  readonly method?: string
  /** Path and query as they go over the wire. */
  readonly target?: string
  /** Beside or, by the same name, instead of a browser's. */
  readonly headers?: readonly (readonly [string, string])[]
  /** Headers of a browser that are not sent. */
  readonly without?: readonly string[]
  /** A byte string. */
  readonly body?: string
}

const BROWSER: readonly (readonly [string, string])[] = [
  ['Host', 'shop.example.com'],
  [
    'User-Agent',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Language', 'en-US,en;q=0.5'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Sec-Ch-Ua', '"Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"'],
  ['Sec-Ch-Ua-Mobile', '?0'],
  ['Sec-Ch-Ua-Platform', '"Windows"'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-User', '?1'],
  ['Upgrade-Insecure-Requests', '1'],
  ['Priority', 'u=0, i'],
  ['If-None-Match', 'W/"5f-18c2a7e1b40"'],
  ['Cache-Control', 'max-age=0'],
]

/** Puts a request through the rules, detecting: what would have been stopped has an interruption. */
export function ask(waf: Waf, { method, target = '/', headers = [], without = [], body = '' }: Asked): TransactionRecord {
  const own = new Set([...headers.map(([name]) => name), ...without].map((name) => name.toLowerCase()))
  const all = [...BROWSER.filter(([name]) => !own.has(name.toLowerCase())), ...headers]
  if (body !== '' && !own.has('content-length') && !own.has('transfer-encoding'))
    all.push(['Content-Length', String(body.length)])
  const transaction = waf.begin('detect')
  transaction.requestHead({
    uniqueId: '3f2504e04f8911d39a0c0305e82c3301',
    remoteAddress: '192.0.2.10',
    remotePort: 40_000,
    serverAddress: '192.0.2.1',
    serverPort: 443,
    method: method ?? (body === '' ? 'GET' : 'POST'),
    target,
    protocol: 'HTTP/1.1',
    headers: all,
  })
  transaction.requestBody(Buffer.from(body, 'latin1'), false)
  return transaction.finish()
}

/** A byte string as it stands in a query or a form. */
export function encoded(value: string): string {
  return value.replace(/[^A-Za-z0-9_.~-]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
}
