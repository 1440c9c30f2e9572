import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Caller, Route } from '../platform/http/route.ts'
import { createSealer } from '../platform/secrets/sealer.ts'
import { readOutbox, recordEvidence } from '../platform/state/outbox.ts'
import { openState, type State } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { describeStates } from '../platform/testing/states.ts'
import { createAuthenticator } from './authenticate.ts'
import { migrations } from './migrations.ts'
import { DEFAULT_POLICY } from './policy.ts'
import { permissionsOf } from './roles.ts'
import type { AccessDeps } from './routes-deps.ts'
import { tokenRoutes } from './routes-tokens.ts'
import { GRANTS, ROLES } from './schema.ts'
import type { AccessTables } from './tables.ts'

const HOUR_MS = 3_600_000
interface Made {
  readonly id: string
  readonly token: string
  readonly source: string | null
  readonly expires: string | null
  readonly formerSecretUntil: string | null
}

describeStates('tokens', (bed) => {
  let state: State
  let all: readonly Route[]
  let now = Date.UTC(2026, 0, 1)
  const clock = { now: () => now }
  const admin = testCaller({ kind: 'token', account: null, name: 'root' })

  beforeAll(async () => {
    state = await openState(await bed.place(), migrations, clock)
    const record: AccessDeps['record'] = (work) =>
      state.transaction<AccessTables, Awaited<ReturnType<typeof work>>['result']>(async (trx) => {
        const { result, evidence } = await work(trx)
        await recordEvidence(trx, evidence, clock)
        return result
      })
    all = tokenRoutes({
      db: state.tables<AccessTables>(),
      record,
      clock,
      organisation: 'Minato Pay',
      version: '0.0.0',
      secure: true,
      policy: DEFAULT_POLICY,
      tokenLife: { days: 30, maxDays: 90 },
      sealer: createSealer([Buffer.alloc(32, 1)]),
      origin: () => 'https://localhost:7300',
      tell: () => {},
    })
  })
  afterAll(() => state.close())

  async function call<T>(method: string, path: string, input: { caller?: Caller; body?: unknown; params?: unknown }): Promise<T> {
    const found = all.find((one) => one.method === method && one.path === path)!
    const body = found.body?.parse(input.body ?? {})
    return (await found.handle({ caller: admin, ...input, body } as unknown as Parameters<Route['handle']>[0])) as T
  }
  const create = (body: unknown, caller = admin): Promise<Made> => call('POST', '/api/v1/tokens', { body, caller })
  const rotate = (id: string, body: unknown = {}, caller = admin): Promise<Made> =>
    call('POST', '/api/v1/tokens/:id/rotate', { params: { id }, body, caller })
  const whoIs = (token: string): Promise<Caller> =>
    createAuthenticator(
      state.tables<AccessTables>(),
      clock,
    )({ headers: { authorization: `Bearer ${token}` }, socket: {} } as unknown as IncomingMessage)

  it('binds an ingest token to a source', async () => {
    const made = await create({ name: 'edge', scope: 'ingest', source: 'edge-fw' })
    expect(made.source).toBe('http:edge-fw')
    expect((await whoIs(made.token)).source).toBe('http:edge-fw')
    expect((await whoIs((await create({ name: 'free', scope: 'ingest' })).token)).source).toBeUndefined()
    await expect(create({ name: 'x', scope: 'read', source: 'edge-fw' })).rejects.toMatchObject({ code: 'token_source' })
    for (const source of ['agent:1', 'a b', '', '../x'])
      await expect(create({ name: 'x', scope: 'ingest', source })).rejects.toThrow()
  })

  it('rotates a token: both secrets for the overlap, then the new one alone', async () => {
    const first = await create({ name: 'shipper', scope: 'ingest', source: 'web' })
    const second = await rotate(first.id, { overlapHours: 2 })
    expect([second.id, second.source]).toEqual([first.id, 'http:web'])
    expect(second.formerSecretUntil).toBe(new Date(now + 2 * HOUR_MS).toISOString())
    expect([(await whoIs(first.token)).id, (await whoIs(second.token)).id]).toEqual([first.id, first.id])
    // A second rotation ends the first secret at once: one former secret is kept, never two.
    const third = await rotate(first.id, { overlapHours: 2 })
    await expect(whoIs(first.token)).rejects.toMatchObject({ code: 'unauthenticated' })
    now += 2 * HOUR_MS + 1
    await expect(whoIs(second.token)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect((await whoIs(third.token)).name).toBe('shipper')
    const at_once = await rotate(first.id, { overlapHours: 0 })
    await expect(whoIs(third.token)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect((await whoIs(at_once.token)).id).toBe(first.id)
    await expect(rotate('00000000-0000-4000-8000-000000000000')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('gives tokens an end by the settings, which a rotation does not move', async () => {
    const made = await create({ name: 'report', scope: 'read' })
    expect(made.expires).toBe(new Date(now + 30 * 24 * HOUR_MS).toISOString())
    now += HOUR_MS
    expect((await rotate(made.id)).expires).toBe(made.expires)
    await expect(create({ name: 'long', scope: 'read', expiresInDays: 91 })).rejects.toMatchObject({ code: 'token_life' })
    now += 31 * 24 * HOUR_MS
    await expect(rotate(made.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('limits an outside auditor to a period, and to declarations and evidence', async () => {
    const period = { from: '2026-01-01T00:00:00.000Z', to: null }
    const made = await create({ name: 'auditors of 2026', scope: 'audit', period })
    const caller = await whoIs(made.token)
    expect([...caller.permissions].sort()).toEqual(['cards:read', 'ledger:read', 'public'])
    expect(caller.period).toEqual({ from: Date.parse(period.from), to: null })
    expect((await whoIs((await create({ name: 'no end', scope: 'audit' })).token)).period).toBeUndefined()
    await expect(create({ name: 'other', scope: 'read', period })).rejects.toMatchObject({ code: 'token_period' })
  })

  it('lets no role make or rotate a token that may do more than the role', async () => {
    let cases = 0
    for (const role of ROLES) {
      const permissions = permissionsOf([{ role, scope: 'default' }], 'default')
      if (!permissions.has('tokens:write')) continue
      const caller = testCaller({ permissions, roles: [role] })
      for (const grant of GRANTS) {
        cases += 1
        const theirs = await create({ name: `${role} ${grant}`, scope: grant }, caller).catch(
          (error: { code: string }) => error.code,
        )
        const others = await create({ name: `root ${grant}`, scope: grant })
        const rotated = await rotate(others.id, {}, caller).catch((error: { code: string }) => error.code)
        if (typeof theirs === 'string') {
          expect([theirs, rotated]).toEqual(['forbidden', 'forbidden'])
          continue
        }
        // Who rotates answers for the token: the root's rights are not theirs now.
        for (const made of [theirs, rotated as Made])
          for (const one of (await whoIs(made.token)).permissions) if (grant !== 'ingest') expect(permissions).toContain(one)
      }
    }
    expect(cases).toBeGreaterThan(5)
  })

  it('leaves the former secret of somebody else no time in which it would do more', async () => {
    const other = testCaller({ id: 'other' })
    for (const grant of GRANTS) {
      if (grant === 'scim') continue
      const made = await create({ name: `overlap ${grant}`, scope: grant }, other)
      const refused = await rotate(made.id, { overlapHours: 1 }).then(
        () => 'rotated',
        (error: { code: string }) => error.code,
      )
      expect([grant, refused]).toEqual([grant, grant === 'ingest' ? 'rotated' : 'token_overlap'])
      const fresh = await rotate(made.id, { overlapHours: 0 })
      if (grant !== 'ingest') await expect(whoIs(made.token)).rejects.toMatchObject({ code: 'unauthenticated' })
      expect((await whoIs(fresh.token)).kind).toBe('token')
      expect((await rotate(fresh.id, { overlapHours: 1 })).formerSecretUntil).not.toBeNull()
    }
  })

  it('leaves evidence without the secret', async () => {
    const entries = await readOutbox(state.tables(), 0, 10_000)
    expect(new Set(entries.map(({ body }) => body['action']))).toEqual(new Set(['token.create', 'token.rotate']))
    expect(JSON.stringify(entries)).not.toContain('kpk_')
  })
})
