import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Unit } from '../../kernel/measure.ts'
import type { Route } from '../../platform/http/route.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { codeOf, rejectionOf } from '../../platform/testing/code-of.ts'
import { postgresPrograms, startPostgres } from '../../platform/testing/postgres.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { externalMeasures } from './measures.ts'
import { ask, numberAt, pullDue } from './pull.ts'
import { seriesRoutes } from './routes.ts'
import { type Asked, pull, sampleResponse, seriesListResponse } from './schema.ts'

const T0 = Date.UTC(2026, 10, 22, 9)
const HOUR = 3_600_000
const outgoing = createOutgoing({ allow: ['127.0.0.1', 'localhost', '::1'], log: { warn: () => undefined } })

test.each<[pointer: string, document: Parameters<typeof numberAt>[0], found: number]>([
  ['', 4, 4],
  ['/a/b', { a: { b: 1.5 } }, 1.5],
  ['/rows/1/value', { rows: [{ value: 1 }, { value: '2' }] }, 2],
  ['/a~1b/~0', { 'a/b': { '~': 3 } }, 3],
])('a JSON pointer %j finds its number', (pointer, document, found) => {
  expect(numberAt(document, pointer)).toBe(found)
})

test.each<[pointer: string, document: Parameters<typeof numberAt>[0]]>([
  ['/a', {}],
  ['/a', { a: null }],
  ['/a', { a: '' }],
  ['/a', { a: 'many' }],
  ['/a', { a: true }],
  ['/a/length', { a: [1, 2] }],
  ['/a/01', { a: [1, 2] }],
  ['/constructor/length', {}],
])('a JSON pointer %j finds no number in %j', (pointer, document) => {
  expect(codeOf(() => numberAt(document, pointer))).toBe('pull_failed')
})

describeStates('figures from outside', (bed) => {
  let state: State
  let now = T0
  const clock = { now: () => now }
  const sealer = createSealer([randomBytes(32)])
  beforeEach(async () => {
    now = T0
    state = await bed.open(migrations)
  })
  const call = async (method: Route['method'], path: string, body?: unknown, scope = 'default'): Promise<unknown> => {
    const id = path.split('/')[4]
    const pattern = id === undefined ? path : path.replace(id, ':id')
    const route = seriesRoutes({ state, clock, sealer, figuresCame: () => {} }).find(
      (one) => one.method === method && one.path === pattern,
    )
    if (route === undefined) throw new Error(`no route ${method} ${pattern}`)
    return route.handle({ params: { id }, body: route.body?.parse(body), caller: testCaller({ scope, name: 'cron' }) } as never)
  }
  const make = (id: string, unit: Unit, more: object = {}, scope = 'default') =>
    call('PUT', `/api/v1/series/${id}`, { unit, title: { en: id, ja: id }, ...more }, scope)
  const push = async (id: string, sample: object, scope = 'default') =>
    sampleResponse.parse(await call('POST', `/api/v1/series/${id}/samples`, sample, scope))
  const list = async (scope = 'default') => seriesListResponse.parse(await call('GET', '/api/v1/series', undefined, scope)).items
  const measure = (unit: Unit, params: Record<string, string>, scope = 'default', from = now - 24 * HOUR) =>
    externalMeasures(state)
      .find(({ id }) => id === `external.${unit}`)!
      .measure(params, from, now + 1, scope)

  test('are unknown until one comes, and as old as the newest', async () => {
    expect(await measure('percent', { series: 'mfa' })).toMatchObject({
      value: null,
      missing: { ja: expect.stringContaining('mfa') },
    })
    await make('mfa', 'percent')
    expect(await measure('percent', { series: 'mfa' })).toMatchObject({ value: null })
    await push('mfa', { good: 97, bad: 2, unknown: 1 })
    now += 5 * HOUR
    expect(await measure('percent', { series: 'mfa' })).toMatchObject({ value: 97, good: 97, bad: 2, unknown: 1, asOf: T0 })
    // Another unit, another scope, and a window without samples prove nothing.
    for (const other of [
      measure('count', { series: 'mfa' }),
      measure('percent', { series: 'mfa' }, 'team-b'),
      measure('percent', { series: 'mfa' }, 'default', now - HOUR),
    ])
      expect(await other).toMatchObject({ value: null })
  })

  test('count by their statistic', async () => {
    await make('rto', 'seconds')
    for (const [at, value] of [100, 300, 200, 50].entries())
      await push('rto', { value, at: new Date(T0 - (4 - at) * HOUR).toISOString() })
    const wanted: Readonly<Record<string, number>> = { last: 50, mean: 162.5, min: 50, max: 300, p95: 300, sum: 650 }
    for (const [statistic, value] of Object.entries(wanted))
      expect([statistic, (await measure('seconds', { series: 'rto', statistic })).value]).toEqual([statistic, value])
    // Days since a series of any unit last said something; what it said does not matter.
    expect(await measure('days', { series: 'rto', statistic: 'age' })).toMatchObject({ value: 0.04, asOf: now + 1 })
    now += 47 * HOUR
    expect((await measure('days', { series: 'rto', statistic: 'age' }, 'default', now - 90 * 24 * HOUR)).value).toBe(2)
    expect((await measure('days', { series: 'rto', statistic: 'age' })).value).toBeNull()
    const many = externalMeasures(state).find(({ id }) => id === 'external.seconds')!
    const question = (params: Record<string, string>) => ({ params, from: T0 - 24 * HOUR, to: now })
    const readings = await many.measureMany!(
      [question({ series: 'rto' }), question({ series: 'none' }), question({ series: 'rto', statistic: 'max' })],
      'default',
    )
    expect(readings.map(({ value, inputs }) => [value, inputs?.length])).toEqual([
      [50, 1],
      [null, undefined],
      [300, 4],
    ])
    const days = externalMeasures(state).find(({ id }) => id === 'external.days')
    expect(days?.check?.({ series: 'rto', statistic: 'age' })).toBeUndefined()
    const { check } = externalMeasures(state)[0]!
    expect(check?.({ series: 'rto', statistic: 'age' })).toBeDefined()
    expect([check?.({ series: 'rto' }), check?.({ series: 'rto', statistic: 'p95' })]).toEqual([undefined, undefined])
    for (const params of [{}, { series: 'A B' }, { series: 'rto', statistic: 'mode' }, { series: 'rto', of: 1 }])
      expect(check?.(params)).toBeDefined()
  })

  test('are evidence, each once; what was said of a moment stays', async () => {
    await make('backups', 'count')
    const at = new Date(T0).toISOString()
    expect(await push('backups', { value: 3, at })).toEqual({ at, value: 3, stored: true })
    expect(await push('backups', { value: 3, at })).toEqual({ at, value: 3, stored: false })
    expect(await rejectionOf(push('backups', { value: 4, at }))).toBe('sample_differs')
    const entries = await readOutbox(state.tables(), 0, 100)
    expect(entries.map(({ type, body }) => [type, body['action'] ?? body['value']])).toEqual([
      ['admin', 'series.create'],
      ['measure', 3],
    ])
    expect(entries[1]!.body).toMatchObject({ measure: 'backups', unit: 'count', by: 'cron', at })
    expect(await list()).toMatchObject([
      { id: 'backups', measure: 'external.count', samples: 1, newest: { value: 3 }, fault: null },
    ])
    await call('DELETE', '/api/v1/series/backups')
    expect(await list()).toEqual([])
    expect(await rejectionOf(push('backups', { value: 1 }))).toBe('not_found')
  })

  test('are refused where they cannot be', async () => {
    await make('share', 'percent')
    await make('days', 'days')
    const far = new Date(T0 + HOUR).toISOString()
    for (const [id, sample] of [
      ['share', { value: 101 }],
      ['share', { value: -1 }],
      ['days', { value: -1 }],
      ['days', { good: 1 }],
      ['days', { value: 1, at: far }],
      ['days', { value: 1, at: '2024-01-01T00:00:00Z' }],
      ['days', { value: 1, detail: { text: 'x'.repeat(9000) } }],
    ] as const)
      expect([id, sample, await rejectionOf(push(id, sample))]).toEqual([id, sample, 'sample_invalid'])
    await expect(push('days', {})).rejects.toThrow('Give a value')
    expect(await rejectionOf(make('days', 'count'))).toBe('series_unit')
    expect(await rejectionOf(push('days', { value: 1 }, 'team-b'))).toBe('not_found')
  })

  test('are asked for over HTTP when due, with a secret that nobody reads again', async () => {
    const asked: (string | undefined)[] = []
    let figure = 12
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization)
      if (figure < 0) response.writeHead(503).end()
      else response.end(JSON.stringify({ data: [{ value: figure }] }))
    })
    const url = await listening(server)
    const spec = { kind: 'http', url: `${url}/figures`, pointer: '/data/0/value', every: 60 }
    await make('open-findings', 'count', { pull: spec, secret: 'Bearer hush' })
    expect(JSON.stringify(await list())).not.toContain('hush')
    const deps = { state, clock, outgoing, sealer }
    await pullDue(deps)
    await pullDue(deps)
    expect(asked).toEqual(['Bearer hush'])
    expect(await measure('count', { series: 'open-findings' })).toMatchObject({
      value: 12,
      evidence: { newest: { by: expect.stringContaining('http 127.0.0.1') } },
    })
    figure = -1
    now += 61_000
    await pullDue(deps)
    expect(await list()).toMatchObject([
      { fault: { since: new Date(now).toISOString(), reason: expect.stringContaining('503') }, samples: 1 },
    ])
    figure = 7
    now += 61_000
    await pullDue(deps)
    expect(await list()).toMatchObject([{ fault: null, newest: { value: 7 }, hasSecret: true }])
    // Pointed elsewhere, the secret does not go along.
    await make('open-findings', 'count', { pull: { ...spec, url: 'http://127.0.0.1:9/figures' } })
    expect(await list()).toMatchObject([{ hasSecret: false }])
  })
})

describe('where a figure is asked', () => {
  test.each<[what: string, spec: object]>([
    ['a password in the URL', { kind: 'http', url: 'https://a:b@example.com/', pointer: '' }],
    ['another protocol', { kind: 'http', url: 'file:///etc/passwd', pointer: '' }],
    ['a pointer that is none', { kind: 'http', url: 'https://example.com/', pointer: 'a.b' }],
    ['a password of a database', { kind: 'sql', url: 'postgres://a:b@example.com/db', query: 'select 1' }],
    ['asking every second', { kind: 'prometheus', url: 'https://example.com/', query: 'up', every: 1 }],
  ])('is refused with %s', (_, spec) => {
    expect(pull.safeParse(spec).success).toBe(false)
  })

  test('is never this host unless it is allowed', async () => {
    const closed = createOutgoing({ allow: [], log: { warn: () => undefined } })
    for (const spec of [
      { kind: 'http', url: 'http://127.0.0.1:9/', pointer: '' },
      { kind: 'sql', url: 'postgres://me@127.0.0.1/db', query: 'select 1' },
    ])
      expect(await rejectionOf(ask(pull.parse(spec) as Asked, undefined, closed))).toBe('outgoing_refused')
  })
})

const programs = postgresPrograms()
if (programs === undefined && process.env['CI'] === 'true') throw new Error('PostgreSQL is not installed')

describe.skipIf(programs === undefined)('PostgreSQL', () => {
  let url: string
  let stop: () => Promise<void>
  beforeAll(async () => {
    const port = await freePort()
    const server = await startPostgres(programs!, port)
    const database = (await server.createDatabase()).split('/').at(-1)
    url = `postgres://kanpeki@127.0.0.1:${port}/${database}?sslmode=disable`
    stop = () => server.stop()
  })
  afterAll(() => stop())
  const select = (query: string) => ask(pull.parse({ kind: 'sql', url, query }) as Asked, undefined, outgoing)

  test('gives the figure of a query', async () => {
    expect(await select('select 41 + 1')).toBe(42)
    expect(await select("select '99.5'::numeric")).toBe(99.5)
  })
  test.each([
    ['select 1 where false', 'gives 0 rows'],
    ['select * from (values (1), (2)) as two', 'gives 2 rows'],
    ["select 'many'", 'is no number'],
    ['select nothing', 'does not exist'],
    ['create table written (n int)', 'read-only'],
    ['commit; create table written (n int)', 'multiple commands'],
  ])('answers %j with what is wrong', async (query, reason) => {
    await expect(select(query)).rejects.toThrow(reason)
  })
})

const PROMETHEUS = [
  '/usr/bin/prometheus',
  fileURLToPath(new URL('../../../.runtime/debian/usr/bin/prometheus', import.meta.url)),
].find((path) => existsSync(path))
if (PROMETHEUS === undefined && process.env['CI'] === 'true') throw new Error('Debian’s prometheus is not there')

describe.skipIf(PROMETHEUS === undefined)('Prometheus', () => {
  const spec = (url: string, query: string): Asked => pull.parse({ kind: 'prometheus', url, query }) as Asked

  test('gives the figure of a query, and says what is no figure', async () => {
    const url = await startPrometheus(PROMETHEUS!)
    expect(await ask(spec(url, 'vector(42.5)'), undefined, outgoing)).toBe(42.5)
    expect(await ask(spec(url, 'scalar(vector(7))'), undefined, outgoing)).toBe(7)
    for (const [query, reason] of [
      ['absent_metric', 'gives 0 series'],
      ['label_replace(vector(1), "a", "b", "", "") or vector(2)', 'gives 2 series'],
      ['vector(', 'it answered 400'],
      ['vector(1)/0', 'no number'],
    ] as const)
      await expect(ask(spec(url, query), undefined, outgoing)).rejects.toThrow(reason)
  }, 30_000)
})

async function startPrometheus(program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-prometheus-'))
  writeFileSync(join(folder, 'prometheus.yml'), 'scrape_configs: []\n')
  const port = await freePort()
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const child = spawn(program, args, { stdio: 'ignore' })
  onTestFinished(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
    rmSync(folder, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 200; tries++) {
    const ready = await outgoing.fetch(`${url}/-/ready`).catch(() => undefined)
    if (ready?.ok === true) return url
    await pause(100)
  }
  throw new Error('Prometheus did not start')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
