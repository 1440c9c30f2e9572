import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { takesIdempotencyKey } from './idempotency-key.ts'
import { repeatedWriteMigrations } from './migrations.ts'
import { type RepeatedWrites, startRepeatedWrites } from './repeated-writes.ts'
import type { RepeatedWriteTables } from './tables.ts'

const SECRET = randomBytes(12).toString('hex')
const DAY_MS = 86_400_000
const log = { debug() {}, info() {}, warn() {}, error() {} }

describeStates('writes that are asked for again', (bed) => {
  let state: State
  let now = 0
  let done = 0
  let outcome: () => Promise<unknown> = async () => ({})
  let started: RepeatedWrites[] = []
  const sealer = createSealer([createHash('sha256').update('seal').digest()])

  const made = route({
    method: 'POST',
    path: '/api/v1/things',
    permission: 'tokens:write',
    summary: 'Test',
    response: z.object({ secret: z.string(), number: z.number() }),
    handle: async () => {
      done += 1
      return (await outcome()) as { secret: string; number: number }
    },
  })

  function start(): (ask?: Partial<Asked>) => Promise<unknown> {
    const writes = startRepeatedWrites({ state, clock: { now: () => now }, sealer, log })
    started.push(writes)
    const [once] = writes.once([made])
    return async ({ key = 'k', by = 'mori', scope = 'default', body = { name: 'a' }, url = '/api/v1/things' } = {}) => {
      const caller = { kind: 'token', id: by, name: by, scope } as Caller
      const headers = key === '' ? {} : { 'idempotency-key': key }
      const reply = await (once as Route).handle({ caller, body, request: { headers, url } } as never)
      return reply instanceof RawReply ? { again: JSON.parse(String(reply.body)), ...reply.headers } : reply
    }
  }
  interface Asked {
    key: string
    by: string
    scope: string
    body: unknown
    url: string
  }

  beforeEach(async () => {
    state = await bed.open(repeatedWriteMigrations)
    now = Date.UTC(2026, 10, 24)
    done = 0
    outcome = async () => ({ secret: SECRET, number: done, more: 'left out of answers' })
  })
  afterEach(async () => {
    await Promise.all(started.map((writes) => writes.stop()))
    started = []
  })
  const refusal = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'nothing',
      (error: KanpekiError) => error.code,
    )

  it('does once what is asked twice, and answers the same', async () => {
    const ask = start()
    expect(await ask()).toMatchObject({ number: 1 })
    expect(await ask()).toEqual({ again: { secret: SECRET, number: 1 }, 'idempotency-replayed': 'true' })
    expect(await ask({ key: '"k"' })).toMatchObject({ again: { number: 1 } })
    expect(done).toBe(1)
    // Another process answers the same, and the store does not know the secret.
    expect(await start()()).toMatchObject({ again: { number: 1 } })
    const rows = await state.tables<RepeatedWriteTables>().selectFrom('app_repeated_writes').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(SECRET)
    expect(rows).toHaveLength(1)
  })

  it('takes each key for its caller, its scope and a day', async () => {
    const ask = start()
    for (const asked of [{}, { by: 'sato' }, { scope: 'tokyo' }, { key: 'l' }, { key: '' }, { key: '' }]) await ask(asked)
    expect(done).toBe(6)
    now += DAY_MS - 1
    expect(await ask()).toMatchObject({ again: { number: 1 } })
    now += 1
    expect(await ask()).toMatchObject({ number: 7 })
  })

  it('refuses a key that was used for something else, and one that is none', async () => {
    const ask = start()
    await ask()
    expect(await refusal(ask({ body: { name: 'b' } }))).toBe('idempotency_reused')
    expect(await refusal(ask({ url: '/api/v1/others' }))).toBe('idempotency_reused')
    expect(await refusal(ask({ key: 'é' }))).toBe('bad_idempotency_key')
    expect(await refusal(ask({ key: '""' }))).toBe('bad_idempotency_key')
    expect(await refusal(ask({ key: 'k'.repeat(256) }))).toBe('bad_idempotency_key')
    expect(done).toBe(1)
  })

  it('lets nobody begin what goes on', async () => {
    const ask = start()
    let finish = () => {}
    outcome = () => new Promise((resolve) => (finish = () => resolve({ secret: 's', number: 5 })))
    const first = ask()
    await expect.poll(() => done).toBe(1)
    expect(await refusal(ask())).toBe('idempotency_running')
    finish()
    await first
    expect(await ask()).toMatchObject({ again: { number: 5 } })
    const two = [refusal(ask({ key: 'm' })), refusal(ask({ key: 'm' }))]
    expect(await Promise.race(two)).toBe('idempotency_running')
    await expect.poll(() => done).toBe(2)
    finish()
    expect((await Promise.all(two)).sort()).toEqual(['idempotency_running', 'nothing'])
  })

  it('tries again what was refused', async () => {
    const ask = start()
    const right = outcome
    outcome = async () => {
      throw new KanpekiError('conflict', 'Not now.')
    }
    expect(await refusal(ask())).toBe('conflict')
    outcome = right
    expect(await ask()).toMatchObject({ number: 2 })
  })

  it('says that it does not know what came of a write that failed, or that the server did not outlive', async () => {
    const ask = start()
    const right = outcome
    outcome = async () => {
      throw new Error('a fault of our own')
    }
    await expect(ask()).rejects.toThrow('a fault of our own')
    outcome = () => new Promise(() => {})
    void ask({ key: 'l' })
    await expect.poll(() => done).toBe(2)
    outcome = right
    expect(await refusal(ask())).toBe('idempotency_unknown')
    expect(await refusal(start()({ key: 'l' }))).toBe('idempotency_unknown')
    expect(done).toBe(2)
  })
})

it.each<[Route['method'], Route['permission'], boolean, boolean]>([
  ['POST', 'alerts:write', false, true],
  ['DELETE', 'sources:write', false, true],
  ['GET', 'alerts:read', false, false],
  ['POST', 'public', false, false],
  ['POST', 'scim', false, false],
  ['POST', 'artefacts:write', true, false],
])('%s with %s, bytes: %s', (method, permission, readsBody, taken) => {
  expect(takesIdempotencyKey({ method, permission, readsBody })).toBe(taken)
})
