/**
 * A request as it is sent over and over: each `{n}` becomes a number that differs from request to request, so that neither
 * side lives on having seen the very same one before.
 */
export interface BenchRequest {
  readonly what: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const BROWSER = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.9,ja;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br',
  Referer: 'http://shop.example/category/kitchen?page={n}',
  Cookie: 'session=9f4c1b7e2a5d4f308c6b1e7d{n}; theme=dark; consent=necessary; cart=3',
  'Upgrade-Insecure-Requests': '1',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
}

const WORDS =
  'a blue kettle with two cups and one long handle that keeps water warm for hours in the small kitchen of our house'.split(' ')

function sentence(start: number, words: number): string {
  return Array.from({ length: words }, (_, at) => WORDS[(start * 7 + at * 3) % WORDS.length]).join(' ')
}

/** A form of 16 fields, about 2 kB once encoded. */
function form(): string {
  const fields = Array.from({ length: 16 }, (_, at) => [`field_${at}`, `${sentence(at, 21)} NNN`] as [string, string])
  return new URLSearchParams(fields).toString().replaceAll('NNN', '{n}')
}

/** An order of 80 lines, about 10 kB. */
function order(): string {
  const lines = Array.from({ length: 80 }, (_, at) => ({
    sku: `KT-${1000 + at}-{n}`,
    name: `${sentence(at, 8)} {n}`,
    quantity: (at % 5) + 1,
    price: 4.5 + at,
    gift: at % 3 === 0,
    note: `${sentence(at + 40, 3)} {n}`,
  }))
  return JSON.stringify({ customer: { name: 'Sakura Tanaka', city: 'Kyoto' }, lines })
}

export const REQUESTS: readonly BenchRequest[] = [
  { what: 'a browser GET', method: 'GET', path: '/product/{n}?colour=blue&size=2&sort=price', headers: BROWSER, body: '' },
  {
    what: 'a 2 kB form',
    method: 'POST',
    path: '/order',
    headers: { ...BROWSER, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form(),
  },
  {
    what: 'a 10 kB JSON body',
    method: 'POST',
    path: '/api/orders',
    headers: { ...BROWSER, Accept: 'application/json', 'Content-Type': 'application/json' },
    body: order(),
  },
]
