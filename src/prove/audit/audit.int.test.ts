import { expect, test } from 'vitest'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { parseCsv } from '../../platform/csv.ts'
import { type Caller, RawReply, type Route } from '../../platform/http/route.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { openDrainer } from '../drain.ts'
import { openLedger } from '../ledger.ts'
import { proveMigrations } from '../migrations.ts'
import { routes } from '../routes.ts'
import type { ProveTables } from '../tables.ts'
import { noWitnesses } from '../testing/no-witnesses.ts'
import { PLAIN_PACKAGING } from '../testing/packaging.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { splitEntryBundle } from '../verify/tiles.ts'
import { findDeeds, insertDeeds } from './queries.ts'
import { deedOf } from './read.ts'
import type { AuditPage, AuditType } from './schema.ts'

const NOW = Date.UTC(2026, 2, 1)
const clock = { now: () => NOW }
const SATO = { id: 'u-sato', name: 'Sato' }

const DEEDS: readonly (readonly [AuditType, JsonObject, action: string, by: string | null, target: string])[] = [
  ['admin', { action: 'token.create', by: SATO, token: 't1', name: 'shipper' }, 'token.create', 'Sato', 'shipper'],
  ['admin', { action: 'token.revoke', by: SATO, token: 't1' }, 'token.revoke', 'Sato', 't1'],
  ['admin', { action: 'seal-key.rotate', by: 'command line', values: 3 }, 'seal-key.rotate', 'command line', ''],
  ['admin', { action: 'asset.create', by: SATO, asset: 'a1', after: { names: ['web-01'] } }, 'asset.create', 'Sato', 'web-01'],
  ['signin', { outcome: 'failure', name: 'sato', address: '192.0.2.1' }, 'session.failure', 'sato', 'sato'],
  ['signin', { outcome: 'success', account: 'u-sato', name: 'Sato' }, 'session.success', 'Sato', 'Sato'],
  ['source', { action: 'change', by: 'Sato', id: 'file:auth' }, 'source.change', 'Sato', 'file:auth'],
  ['card', { card: 'c1', change: 'signed', by: SATO }, 'card.signed', 'Sato', 'c1'],
  ['card', { card: 'c1', change: 'in-force', by: 'file' }, 'card.in-force', null, 'c1'],
  ['verdict', { alert: 'al1', change: 'verdict', rule: 'r', by: SATO }, 'alert.verdict', 'Sato', 'al1'],
  ['rule', { action: 'remove', rule: 'r9' }, 'rule.remove', null, 'r9'],
  ['incident', { action: 'incident.phase', incident: 'i1', number: 7, by: SATO }, 'incident.phase', 'Sato', 'INC-7'],
  ['run', { change: 'begun', playbook: 'p', by: 'playbook p', alert: 'a' }, 'run.begun', 'playbook p', 'p'],
  ['run', { change: 'approved', playbook: 'p', by: 'playbook p', person: 'Mori', personId: 'm' }, 'run.approved', 'Mori', 'p'],
]

test('takes an admin entry at its word about what it is about', () => {
  const body = { action: 'weakness.task', by: 'policy: exploited', target: 'CVE-1', asset: 'web-01', rule: 'exploited' }
  expect(deedOf({ type: 'admin', body })).toMatchObject({ by: { name: 'policy: exploited' }, target: 'CVE-1' })
})

test(`reads every kind of deed (${DEEDS.length} cases)`, () => {
  for (const [type, body, action, by, target] of DEEDS) {
    const deed = deedOf({ type, body })
    expect([deed?.type, deed?.action, deed?.by?.name ?? null, deed?.target], JSON.stringify(body)).toEqual([
      type,
      action,
      by,
      target,
    ])
  }
  expect(deedOf({ type: 'batch', body: {} })).toBeUndefined()
})

describeStates('the audit', (bed) => {
  async function serve(state: State) {
    const ledger = await openLedger({ data: temporaryFolder(), origin: 'example.com/soc', clock })
    const drainer = await openDrainer({ ledger, state, clock })
    const lake = { getMany: async () => [], batch: async () => undefined }
    const witnesses = await noWitnesses(ledger, state, clock)
    const all = routes({
      ledger,
      ...witnesses,
      state,
      drainer,
      lake,
      clock,
      packaging: PLAIN_PACKAGING,
      entryBundles: 'ledger:read',
    })
    const call = async (path: string, input: { query?: unknown; params?: unknown }, caller: Caller): Promise<unknown> => {
      const route = all.find((one) => one.path === path) as Route
      return route.handle({
        query: route.query?.parse(input.query ?? {}),
        params: input.params,
        caller,
        signal: new AbortController().signal,
      } as never)
    }
    const record = async (...evidence: Evidence[]): Promise<void> => {
      await state.transaction<StateTables, unknown>((trx) => recordEvidence(trx, evidence, clock))
      await drainer.drain()
    }
    const page = (query: unknown, scope = 'default'): Promise<AuditPage> =>
      call('/api/v1/audit', { query }, testCaller({ scope })) as Promise<AuditPage>
    return { ledger, record, call, page }
  }
  const evidence = (type: Evidence['type'], body: JsonObject, scope = 'default', at = NOW): Evidence => ({
    type,
    scope,
    observed: at,
    received: at,
    body,
  })

  test('finds by person, action, kind and time, page by page, in one scope only', async () => {
    const { record, page } = await serve(await bed.open(proveMigrations, clock))
    await record(
      ...DEEDS.map(([type, body], at) => evidence(type, body, 'default', NOW + at * 1000)),
      evidence('batch', { writer: 'w', sequence: 1, events: 1, root: '00' }),
      evidence('admin', { action: 'token.create', by: { id: 'u-north', name: 'Sato' }, name: 'north marker' }, 'north'),
    )
    expect((await page({})).items.map(({ index }) => index)).toEqual([...DEEDS.keys()].reverse())
    expect((await page({ person: 'SATO' })).items.map(({ action }) => action)).toEqual([
      'incident.phase',
      'alert.verdict',
      'card.signed',
      'source.change',
      'session.success',
      'session.failure',
      'asset.create',
      'token.revoke',
      'token.create',
    ])
    expect((await page({ person: 'u-sato', action: 'token.' })).items).toHaveLength(2)
    expect((await page({ action: 'card.signed' })).items).toHaveLength(1)
    expect((await page({ type: 'rule' })).items).toHaveLength(1)
    const time = { from: new Date(NOW + 2000).toISOString(), to: new Date(NOW + 4000).toISOString() }
    expect((await page(time)).items.map(({ action }) => action)).toEqual(['asset.create', 'seal-key.rotate'])
    const seen: number[] = []
    for (let next: number | null | undefined; next !== null; ) {
      const one: AuditPage = await page({ limit: 3, ...(next === undefined ? {} : { cursor: next }) })
      seen.push(...one.items.map(({ index }) => index))
      next = one.next
    }
    expect(seen).toEqual([...DEEDS.keys()].reverse())
    expect((await page({})).actions).toEqual(DEEDS.map(([, , action]) => action).sort())
    expect(JSON.stringify(await page({}, 'default'))).not.toContain('north marker')
    expect((await page({ person: 'Sato' }, 'north')).items).toHaveLength(1)
  })

  test('exports as CSV what the filter finds', async () => {
    const { record, call } = await serve(await bed.open(proveMigrations, clock))
    await record(
      ...DEEDS.map(([type, body]) => evidence(type, body)),
      evidence('admin', { action: 'token.create', by: { id: '=1', name: '=cmd()' } }),
    )
    const reply = (await call('/api/v1/audit/export', { query: { type: 'admin' } }, testCaller())) as RawReply
    let text = ''
    for await (const part of reply.body as AsyncIterable<string>) text += part
    const [header, ...rows] = parseCsv(text)
    expect(header?.slice(0, 5)).toEqual(['index', 'observed', 'logged', 'type', 'action'])
    expect(rows).toHaveLength(5)
    expect(rows[0]?.slice(5, 7)).toEqual(["'=1", "'=cmd()"])
    expect(JSON.parse(rows.at(-1)![8]!)).toEqual(DEEDS[0]![1])
  })

  test('entries that a version before this index logged are found after the next start', async () => {
    const state = await bed.open(proveMigrations, clock)
    const { record, ledger } = await serve(state)
    await record(...DEEDS.map(([type, body]) => evidence(type, body)))
    await state.tables<ProveTables>().deleteFrom('prove_audit').execute()
    await openDrainer({ ledger, state, clock })
    const rows = await state.tables<ProveTables>().selectFrom('prove_audit').selectAll().execute()
    expect(rows).toHaveLength(DEEDS.length)
  })

  test('finds the right ones among 100,000', async () => {
    const state = await bed.open(proveMigrations, clock)
    const entry = (at: number) => ({
      v: 1 as const,
      type: 'admin',
      scope: at % 10 === 0 ? 'north' : 'default',
      outbox: at + 1,
      observed: new Date(NOW + at).toISOString(),
      received: new Date(NOW).toISOString(),
      logged: new Date(NOW).toISOString(),
      body: { action: `thing.do${at % 7}`, by: { id: `u${at % 997}`, name: `Person ${at % 997}` } },
    })
    await state.transaction<ProveTables, void>(async (trx) => {
      for (let from = 0; from < 100_000; from += 5_000)
        await insertDeeds(
          trx,
          Array.from({ length: 5_000 }, (_, at) => ({ index: from + at, entry: entry(from + at) })),
        )
    })
    const none = { type: undefined, person: undefined, action: undefined, from: undefined, to: undefined, scope: 'default' }
    const db = state.tables<ProveTables>()
    const ofFive = Array.from({ length: 100_000 }, (_, at) => at).filter((at) => at % 997 === 5 && at % 10 !== 0)
    expect(await findDeeds(db, { ...none, person: 'person 5' }, undefined, 500)).toEqual(ofFive.reverse())
    expect(await findDeeds(db, { ...none, action: 'thing.' }, undefined, 3)).toEqual([99_999, 99_998, 99_997])
    expect(await findDeeds(db, { ...none, action: 'thing.do3' }, 50, 3)).toEqual([45, 38, 31])
  })

  test('a bundle of entries goes to whoever may see all that is in it', async () => {
    const { record, call } = await serve(await bed.open(proveMigrations, clock))
    await record(...Array.from({ length: 256 }, (_, at) => evidence('admin', { id: `n${at}` })))
    await record(evidence('admin', { id: 'n256' }), evidence('admin', { id: 'north marker' }, 'north'))
    const get = (path: string, caller: Caller) => call('/ledger/tile/entries/*', { params: { '*': path } }, caller)
    const own = testCaller({ scope: 'default' })
    expect((await get('000', own)) instanceof RawReply).toBe(true)
    for (const scope of ['default', 'north'])
      await expect(get('001.p/2', testCaller({ scope })), scope).rejects.toMatchObject({ code: 'forbidden' })
    await expect(get('000', testCaller({ scope: 'north' }))).rejects.toMatchObject({ code: 'forbidden' })
    const every = (await get('001.p/2', testCaller({ scopes: ['*'] }))) as RawReply
    expect(splitEntryBundle(every.body as Uint8Array)).toHaveLength(2)
    expect(every.headers['cache-control']).toContain('private')
  })
})
