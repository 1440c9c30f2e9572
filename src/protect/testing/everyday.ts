// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such marks are what attacks and templates are written with
import { type Asked, encoded } from './ask.ts'

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const TEXTS: readonly string[] = [
  "I'd like 2 or 3 of them, and maybe 5 more; is that O.K.?",
  "The union select committee met on Monday; we'll drop in any time.",
  "rock 'n' roll -- 100% live; having fun & dancing",
  "O'Reilly & Sons, 12 or 14 Main St. #5",
  'price > 100 and price < 200',
  '"black and white" or "color"',
  'What does SELECT do? I want to select a plan from the list.',
  'Please update your address and set a new password (at least 12 characters).',
  'insert the coin, then delete the file; create a folder if needed',
  'Cats; dogs | birds & fish -- more at the zoo; find them all',
  'dog; cat food; more toys; who wants them?',
  'Ping me at 5; time to go. Kill two birds; touch wood; echo that.',
  'Salt & pepper; head & shoulders; less is more',
  'We use Python, Ruby and PHP; Node is next. Docker too!',
  'See https://www.example.com/a/b?c=d&e=f for details',
  'https://www.example.com/search?q=hello+world&page=2#top',
  'mailto:someone@example.com',
  '2026-11-22T10:00:00+09:00',
  '{"a":1,"b":[true,null,"x"]}',
  'a=b&c=d; e=f',
  'C# and C++ (and F#) -- which one?',
  'if (a < b && c > d) return x; else return y;',
  'for i in range(10): print(i)',
  'const total = items.map((item) => item.price).reduce((a, b) => a + b, 0)',
  '# Title\n\n- one\n- two\n\n**bold** and _italic_ and `code`',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  'Hi ${name}, your order {{order}} is on its way!',
  'He said: "It\'s 5 o\'clock" -- and left...',
  '5\' 10" tall, 160 lbs; 18" x 24"',
  '50% off!!! Only $9.99 (was $19.99) *while stocks last*',
  'john.doe+shop@example.co.uk',
  '+81 (0)3-1234-5678',
  'Wait... what?! No way :-) <3',
  'user@host:~/projects (my prompt)',
  '../ means the folder above, they say'.replace('../', 'dot dot slash'),
  'version 1.2.3-beta.4+build.5',
  '192.0.2.1 is an example address',
  'a/b testing, and/or, w/o, 24/7, 1/2',
  'key: value; other-key: other value',
  'eval, exec and system are words; so are alert and prompt',
  'The document, the window and the cookie jar',
  'on click of the button = off',
  'R&D, Q&A, AT&T, M&Ms',
  'O(n log n) vs O(n^2); f(x) = x*x + 1',
  'x = 5; y = 10; z = x + y',
  'Grüße aus München; ça va? ¿Qué tal?',
  '日本語の文章です。「引用」と（括弧）、＜記号＞も使います。',
  '株式会社サンプル 東京都千代田区1-2-3 ビル4F',
  'Привет, как дела? 1 или 2',
  '你好，世界！价格：￥100（含税）',
  '👍🏽 great; 10/10 would buy again',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
  '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
  '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----',
  'null',
  'true',
  '-1',
  '1e10',
  '0x1F',
  '#ff8800',
  '*',
  '%',
  "'",
]

/** Requests of people who mean no harm, among them words and marks that attacks use too. */
export const EVERYDAY: readonly Asked[] = [
  ...TEXTS.map((text): Asked => ({ target: `/shop/search?q=${encoded(utf8(text))}&page=1&sort=price_desc` })),
  ...TEXTS.map(
    (text): Asked => ({
      target: '/shop/review',
      headers: [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['Origin', 'https://shop.example.com'],
        ['Referer', 'https://shop.example.com/shop/item/5'],
      ],
      body: `name=Jane&comment=${encoded(utf8(text))}&rating=5`,
    }),
  ),
  ...TEXTS.map(
    (text): Asked => ({
      target: '/api/items',
      headers: [
        ['Content-Type', 'application/json'],
        ['Accept', 'application/json'],
        ['Authorization', 'Bearer abc.def.ghi'],
      ],
      body: utf8(JSON.stringify({ id: 5, note: text, tags: ['a', 'b'], nested: { ok: true } })),
    }),
  ),
  { target: '/' },
  { target: '/index.html' },
  { target: '/assets/app.3f2504e0.js', headers: [['Range', 'bytes=0-1023']] },
  {
    target: '/favicon.ico',
    headers: [
      ['If-None-Match', 'W/"5f-abc"'],
      ['Cookie', '_ga=GA1.2.123456789.1600000000; theme=dark; cart=%7B%22items%22%3A%5B1%2C2%5D%7D'],
    ],
  },
  { target: '/shop?filter[color]=red&filter[size]=xl&ids[]=1&ids[]=2' },
  {
    target: '/login',
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    body: `user=jane%40example.com&password=${encoded('S3cr3t!\'--#;|&<>"(x)$y')}`.replace(/%27--%23.*/, 'pw'),
  },
  {
    target: '/graphql',
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({
      query: 'query Items($first: Int!) { items(first: $first) { id name price } }',
      variables: { first: 10 },
    }),
  },
  {
    target: '/upload',
    headers: [['Content-Type', 'multipart/form-data; boundary=----WebKitFormBoundaryabc']],
    body: '------WebKitFormBoundaryabc\r\nContent-Disposition: form-data; name="title"\r\n\r\nMy holiday\r\n------WebKitFormBoundaryabc\r\nContent-Disposition: form-data; name="file"; filename="beach (1).jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0\x00\x10JFIF\r\n------WebKitFormBoundaryabc--\r\n',
  },
  { method: 'PUT', target: '/api/items/5', headers: [['Content-Type', 'application/merge-patch+json']], body: '{"price":9.5}' },
  {
    method: 'OPTIONS',
    target: '/api/items',
    headers: [
      ['Access-Control-Request-Method', 'PUT'],
      ['Origin', 'https://shop.example.com'],
    ],
  },
  {
    target: '/ws',
    headers: [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['Sec-WebSocket-Version', '13'],
    ],
  },
  {
    target: '/soap',
    headers: [
      ['Content-Type', 'text/xml; charset=utf-8'],
      ['SOAPAction', '"urn:get"'],
    ],
    body: '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><get><id>5</id><note>it\'s fine &amp; good</note></get></soap:Body></soap:Envelope>',
  },
  {
    target:
      '/oauth/callback?code=4%2F0AX4XfWh&state=xyz%3D%3D&scope=openid%20email%20https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fuserinfo.email',
  },
  { target: '/r?return=%2Faccount%2Forders%3Fpage%3D2' },
]
