import { createServer } from 'node:http'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import { EMPTY_SOURCE } from '../proxy/body.ts'
import { trustedProxies } from '../proxy/client-address.ts'
import { type Guarded, guarded } from '../proxy/testing/gates.ts'
import { solve } from './challenge.ts'
import { returnPath } from './challenge-page.ts'
import { answerQuestion, type JudgeAnswer, localJudge, remoteJudge } from './judges.ts'
import { loginGuard } from './login-guard.ts'
import { LoginSettings } from './settings.ts'
import { LoginTracker } from './tracker.ts'

const T0 = Date.UTC(2026, 10, 22)
const SECRETS = new Map([...Array(300).keys()].map((at) => [`person${at}@shop.example`, `right-${at}`]))
const settings = LoginSettings.parse({
  challenge: { bits: 8 },
  endpoints: [
    { name: 'shop', path: '/login', username: 'user.email', password: 'user.password', failure: { status: [401] } },
    { name: 'form', path: '/sign-in', username: 'email', success: { redirect: '/home', cookie: 'session' } },
    { name: 'words', path: '/words', username: 'email', failure: { body: 'パスワードが違います' } },
    { name: 'basic', path: '/api', methods: ['GET'], basic: true, failure: { status: [401] } },
  ],
})

/** A shop that people can sign in to, three ways. */
const shop = createServer((request, response) => {
  void (async () => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ url: request.url ?? '', headers: request.rawHeaders })
    if (request.url?.toLowerCase().includes('login') === true) {
      const { user } = JSON.parse(body) as { user: { email: string; password: string } }
      response.writeHead(SECRETS.get(user.email) === user.password ? 200 : 401).end()
    } else if (request.url === '/sign-in') {
      const form = new URLSearchParams(body)
      const isRight = SECRETS.get(form.get('email') ?? '') === form.get('password')
      response.writeHead(302, isRight ? { location: '/home', 'set-cookie': 'session=1' } : { location: '/sign-in?wrong' }).end()
    } else if (request.url === '/words') response.end('<p>パスワードが違います</p>')
    else response.writeHead(401).end()
  })()
})
const seen: { url: string; headers: string[] }[] = []

let tracker = new LoginTracker(settings)
let now = T0
const events: JsonObject[] = []
const warnings: string[] = []
let isDown = false
const guarding = { settings }
let gate: Guarded

beforeAll(async () => {
  const judge = () => localJudge(tracker, () => now)
  gate = await guarded(shop, {
    trusted: trustedProxies(['127.0.0.1']),
    inspectors: [
      loginGuard({
        get settings() {
          return guarding.settings
        },
        judge: {
          key: () => judge().key(),
          attempt: async (attempt) => {
            if (isDown) throw new Error('gone')
            return await judge().attempt(attempt)
          },
          outcome: (ticket, outcome) => judge().outcome(ticket, outcome),
        },
        isLeaked: async (password) => password === 'password1',
        tell: (event) => events.push(event),
        warn: (text) => warnings.push(text),
        now: () => now,
      }),
    ],
  })
})
afterAll(() => gate.close())
beforeEach(() => {
  tracker = new LoginTracker(settings)
  events.length = 0
  seen.length = 0
})

interface Sent {
  readonly path?: string
  readonly from?: string
  readonly headers?: string
  readonly body: string
}

async function send({
  path = '/login',
  from = '192.0.2.1',
  headers = '',
  body,
}: Sent): Promise<{ status: number; text: string }> {
  now += 1000
  const method = body === '' ? 'GET' : 'POST'
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  const text = await gate.talk(
    `${method} ${path} HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: ${from}\r\nConnection: close\r\n${headers}${length}\r\n${body}`,
  )
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text: Buffer.from(text, 'latin1').toString('utf8') }
}

const json = (email: string, password: string) => JSON.stringify({ user: { email, password } })
const told = (field: string) => events.map((event) => getPath(event, field)).filter((each) => each !== undefined)

describe('a shop behind the gate', () => {
  it('200 addresses stuff leaked pairs: soon none is tried any more, and the right people get in', async () => {
    expect((await send({ from: '198.51.100.9', body: json('person7@shop.example', 'right-7') })).status).toBe(200)
    const statuses = new Map<number, number>()
    for (let at = 0; at < 200; at += 1) {
      const { status } = await send({
        from: `${at + 1}.7.8.9`,
        headers: 'User-Agent: tool\r\n',
        body: json(`leaked${at}@mail.example`, `p${at}`),
      })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    expect(statuses).toEqual(
      new Map([
        [401, 30],
        [403, 170],
      ]),
    )
    expect(told('event.action')).toContain('login-stuffing-fingerprint')
    expect(told('threat.technique.id')).toEqual([['T1110.004']])
    expect(
      (await send({ from: '198.51.100.9', headers: 'User-Agent: tool\r\n', body: json('person7@shop.example', 'right-7') }))
        .status,
    ).toBe(200)
    expect(gate.records.at(-2)).toMatchObject({
      status: 403,
      blocked: true,
      rules: [7_390_002],
      interruption: { ruleId: 7_390_002 },
    })
  })

  it('sixty colleagues behind one address sign in while one of them guesses at another', async () => {
    for (let at = 0; at < 60; at += 1) {
      if (at % 5 === 0) await send({ body: json(`person${at}@shop.example`, `mistyped${at}`) })
      expect((await send({ body: json(`person${at}@shop.example`, `right-${at}`) })).status).toBe(200)
      if (at < 12) await send({ headers: 'User-Agent: tool\r\n', body: json('director@shop.example', `guess${at}`) })
    }
    expect(told('event.action').filter((each) => each !== 'login-attempt')).toEqual([
      'login-brute-force-account',
      'login-challenged',
      'login-challenged',
    ])
  })

  it('a page works in the browser and leads back; its solution opens the door for its client only', async () => {
    for (let at = 0; at < 10; at += 1) await send({ from: `203.0.113.${at}`, body: json('person1@shop.example', `no${at}`) })
    const headers =
      'Accept: text/html\r\nAccept-Language: ja\r\nReferer: https://shop.example/account?next=1\r\nUser-Agent: Firefox\r\n'
    const body = json('person1@shop.example', 'right-1')
    const { status, text } = await send({ headers, body })
    expect(status).toBe(403)
    expect(text).toContain('<html lang="ja">')
    expect(text).not.toContain('right-1')
    const script = /<script>([\s\S]*)<\/script>/.exec(text)![1]!
    const dataset = Object.fromEntries(
      [...text.matchAll(/data-([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [
        name!.replace(/-(.)/g, (_, sign: string) => sign.toUpperCase()),
        value,
      ]),
    )
    const elements = { state: { dataset, textContent: '' }, next: { hidden: true, href: '/account?next=1' } }
    const document = { cookie: '', getElementById: (id: 'state' | 'next') => elements[id] }
    const location = { replaced: '', replace: (place: string) => (location.replaced = place) }
    runInNewContext(script, { document, location, performance, setTimeout: (work: () => void) => work() })
    expect(location.replaced).toBe('/account?next=1')
    expect(text).toContain('href="/account?next=1"')
    expect(document.cookie).toMatch(/^kanpeki-challenge=[0-9a-f]{16}\.8\..*; path=\/; max-age=600; samesite=lax$/)
    const [cookie = ''] = document.cookie.split(';')
    expect((await send({ headers: `${headers}Cookie: a=b; ${cookie}\r\n`, body })).status).toBe(200)
    expect(seen.at(-1)?.headers.join(' ')).toContain('Kanpeki-Step-Up required')
    expect((await send({ from: '198.51.100.77', headers: `User-Agent: Firefox\r\nCookie: ${cookie}\r\n`, body })).status).toBe(
      403,
    )
  })

  it('a client that is no browser gets the work as JSON, and shows its solution in a header', async () => {
    for (let at = 0; at < 10; at += 1) await send({ from: `203.0.113.${at}`, body: json('person2@shop.example', `no${at}`) })
    const body = json('person2@shop.example', 'right-2')
    const { text } = await send({ body })
    const { challenge } = JSON.parse(text.slice(text.indexOf('{'))) as { challenge: { token: string; bits: number } }
    expect((await send({ headers: `Kanpeki-Challenge: ${solve(challenge)}\r\n`, body })).status).toBe(200)
    expect(seen.at(-1)?.headers).not.toContain('Kanpeki-Challenge')
  })

  it('an address that sprays is stopped with 429 and told when to come again', async () => {
    for (let at = 0; at < 10; at += 1)
      await send({ path: '/sign-in', body: `email=person${at}%40shop.example&password=Winter2026` })
    const { status, text } = await send({ path: '/sign-in', body: 'email=person11%40shop.example&password=Winter2026' })
    expect(status).toBe(429)
    expect(text).toMatch(/Retry-After: 900/)
    expect(seen).toHaveLength(10)
    expect(JSON.stringify([events, gate.records])).not.toContain('Winter2026')
  })

  it.each([
    ['another way of writing the path', { path: '/x/..//%4cogin/;v=1?a', body: json('a', 'b') }, 401],
    ['JSON under another type', { headers: 'Content-Type: text/plain\r\n', body: json('a', 'b') }, 401],
    ['an account twice', { body: '{"user":{"email":"a","password":"p","email":"b"}}' }, 400],
    ['a form with an account twice', { path: '/sign-in', body: 'email=a&password=p&email=b' }, 400],
    ['a body beyond the limit', { path: '/sign-in', body: `x=${'y'.repeat(70_000)}&email=a&password=p` }, 400],
  ] as const)('%s is read, or refused', async (_what, sent, status) => {
    expect((await send(sent)).status).toBe(status)
    if (status === 401) expect(told('user.name')).toEqual(['a'])
  })

  it.each([
    [
      'a redirect and a cookie',
      { path: '/sign-in', body: 'email=person3%40shop.example&password=right-3' },
      'success',
      'person3@shop.example',
    ],
    ['a redirect elsewhere', { path: '/sign-in', body: 'email=%EF%BC%A1%20&password=x' }, 'failure', 'a'],
    ['words in the answer', { path: '/words', body: 'email=a&password=x' }, 'failure', 'a'],
    [
      'the header of basic authentication',
      { path: '/api', headers: `Authorization: Basic ${btoa('Sato:x')}\r\n`, body: '' },
      'failure',
      'sato',
    ],
  ] as const)('tells the outcome by %s', async (_what, sent, outcome, name) => {
    await send(sent)
    expect(events).toMatchObject(
      [
        {
          event: { dataset: 'waf.login', category: ['authentication'], outcome },
          user: { name },
          source: { ip: '192.0.2.1' },
          waf: { login: { fingerprint: /^[0-9a-f]{16}$/ } },
        },
      ].map((each) => ({ ...each, waf: expect.anything() })),
    )
  })

  it('a leaked password is told to the application and to us, and nothing a client writes there is', async () => {
    await send({
      headers: 'Kanpeki-Leaked-Password: no\r\nKanpeki-Step-Up: no\r\n',
      body: json('person4@shop.example', 'password1'),
    })
    const { headers } = seen.at(-1)!
    expect(headers.filter((_, at) => headers[at - 1]?.startsWith('Kanpeki-') === true)).toEqual([
      'yes',
      'required',
      'leaked-password',
    ])
    expect(told('waf.login.leaked_password')).toEqual([true])
  })

  it('lets go of an attempt whose client left before it was judged', async () => {
    let judged = () => {}
    const slow = new Promise<void>((resolve) => {
      judged = resolve
    })
    const outcomes: string[] = []
    const tags = localJudge(tracker, () => now)
    const guard = loginGuard({
      settings,
      judge: {
        key: tags.key,
        attempt: async (attempt) => {
          await slow
          return await tags.attempt(attempt)
        },
        outcome: async (ticket, outcome) => {
          outcomes.push(outcome)
          return await tags.outcome(ticket, outcome)
        },
      },
      isLeaked: async () => false,
      tell: () => {},
      warn: () => {},
      now: () => now,
    })
    const request = { method: 'POST', target: '/login', protocol: 'HTTP/1.1', headers: [], isTls: false } as const
    const peer = { address: '192.0.2.1', port: 1 }
    const inspection = guard.begin({
      request: { ...request, length: 0, body: EMPTY_SOURCE, peer, local: peer },
      client: '192.0.2.1',
      reference: 'R',
      mode: 'block',
    })!
    const asked = inspection.request(Buffer.from(json('person9@shop.example', 'x')), false)
    inspection.over(false)
    judged()
    await asked
    expect(outcomes).toEqual(['unknown'])
  })

  it('goes on, or not, as set, where whoever counts does not answer, and says so once', async () => {
    isDown = true
    expect((await send({ body: json('person5@shop.example', 'right-5') })).status).toBe(200)
    expect((await send({ body: json('person5@shop.example', 'right-5') })).status).toBe(200)
    guarding.settings = { ...settings, onUnjudged: 'closed' }
    expect((await send({ body: json('person5@shop.example', 'right-5') })).status).toBe(503)
    guarding.settings = settings
    isDown = false
    expect(warnings).toEqual(['sign-ins are not protected (judgement): gone'])
  })
})

it('asks another process, and does not wait for ever', async () => {
  const answers: JudgeAnswer[] = []
  let isSilent = false
  const judge = remoteJudge((question) => {
    if (!isSilent) queueMicrotask(() => judge.answered(structuredClone(answerQuestion(tracker, question, T0))))
    answers.push(answerQuestion(undefined, question, T0))
  }, 20)
  expect(await judge.key()).toEqual(tracker.workersKey)
  const attempt = {
    login: 'shop',
    account: 'a',
    address: '192.0.2.1',
    fingerprint: '',
    agent: '',
    password: '',
    isLeaked: false,
    solution: '',
    isCarriedOut: true,
  }
  const { ticket } = await judge.attempt(attempt)
  expect(await judge.outcome(ticket, 'failure')).toEqual([])
  isSilent = true
  await expect(judge.attempt(attempt)).rejects.toThrow(/no judgement came/)
  const waits = judge.attempt(attempt)
  judge.answered(answers.at(-1)!)
  await expect(waits).rejects.toThrow(/no sign-ins are declared/)
})

it.each([
  ['https://shop.example/a?b', '/a?b'],
  ['https://evil.example/a', '/login'],
  ['https://shop.example//evil.example', '/'],
  ['https://shop.example/%5cevil.example', '/'],
  ['https://shop.example', '/'],
  ['', '/login'],
])('leads from %s back to %s', (referer, path) => {
  expect(
    returnPath(
      [
        ['Host', 'shop.example'],
        ['Referer', referer],
      ],
      '/login',
    ),
  ).toBe(path)
})
