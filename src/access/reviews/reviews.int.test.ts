import { beforeEach, expect, it, test } from 'vitest'
import { parseCsv } from '../../platform/csv.ts'
import type { Caller, RawReply } from '../../platform/http/route.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { openState } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { insertAgent, insertAuthority, insertCertificate } from '../machines/queries.ts'
import { migrations } from '../migrations.ts'
import { assignmentsOf } from '../queries.ts'
import { type PartBed, partBed } from '../scopes/testing/part-bed.ts'
import { createToken } from '../tokens.ts'
import { listHash } from './decide.ts'
import { accessMeasures } from './measures.ts'
import { openQuarter } from './open.ts'
import { quarterOf } from './quarter.ts'
import { reviewItems } from './queries.ts'
import type { ReviewDetail, ReviewItemView, ReviewView } from './schema.ts'

const DAY = 86_400_000

test('quarters begin with January, April, July and October, in UTC', () => {
  const cases = [
    ['2026-01-01T00:00:00.000Z', '2026-Q1'],
    ['2026-03-31T23:59:59.999Z', '2026-Q1'],
    ['2026-04-01T00:00:00.000Z', '2026-Q2'],
    ['2026-12-31T23:59:59.999Z', '2026-Q4'],
  ] as const
  for (const [time, quarter] of cases) expect(quarterOf(Date.parse(time)), time).toBe(quarter)
})

describeStates('access reviews', (states) => {
  let bed: PartBed
  let now: number
  let root: Caller
  let second: Caller
  const clock = { now: () => now }
  const open = () =>
    openQuarter({
      clock,
      record: (work) =>
        bed.state.transaction(async (trx) => {
          const { result, evidence } = await work(trx as never)
          await recordEvidence(trx, evidence, clock)
          return result
        }),
    })
  const list = async (caller: Caller): Promise<ReviewView[]> =>
    (await bed.call<{ items: ReviewView[] }>(caller, 'GET', '/api/v1/reviews')).items
  const detail = (caller: Caller, id: string, query = {}) =>
    bed.call<ReviewDetail>(caller, 'GET', '/api/v1/reviews/:id', { params: { id }, query })
  const decide = (caller: Caller, id: string, items: readonly ReviewItemView[], body: object) =>
    bed.call<{ review: ReviewView; items: ReviewItemView[] }>(caller, 'POST', '/api/v1/reviews/:id/decide', {
      params: { id },
      body: { items: items.map((one) => one.id), ...body },
    })
  const named = (items: readonly ReviewItemView[], ...names: string[]) =>
    items.filter(({ name, may }) => names.includes(name) || names.includes(may))

  beforeEach(async () => {
    now = Date.UTC(2026, 9, 5)
    bed = partBed(await openState(await states.place(), migrations, clock), clock)
    await bed.db.insertInto('access_scopes').values({ scope: 'north', title: 'North', labels: '{}', created: now }).execute()
    root = await bed.person('root', [['administrator', '*']])
    second = await bed.person('second', [
      ['administrator', '*'],
      ['auditor', 'default'],
    ])
    await bed.person('north', [['engineer', 'north']], 'north')
    await createToken(bed.db, { scope: 'default', name: 'ci', grant: 'read', owner: 'root' }, now)
    await createToken(bed.db, { scope: 'default', name: 'shipper', grant: 'ingest', owner: null }, now)
    await insertAuthority(bed.db, {
      id: 'ca',
      scope: 'default',
      certificate: '',
      key: '',
      created: now,
      trusted_until: now + 900 * DAY,
    })
    await insertAgent(bed.db, {
      id: 'agent-1',
      scope: 'north',
      name: 'host-7',
      enrolment_id: 'e',
      created: now,
      last_seen: null,
      revoked: null,
    })
    await insertCertificate(bed.db, {
      fingerprint: 'f',
      scope: 'north',
      agent_id: 'agent-1',
      ca_id: 'ca',
      serial: '01',
      created: now,
      expires: now + 90 * DAY,
      revoked: null,
    })
  })

  it('opens by itself once a quarter in every scope, with all that gives access there', async () => {
    expect(await open()).toBe(2)
    expect(await open()).toBe(0)
    const [review] = await list(root)
    expect(review).toMatchObject({
      name: '2026-Q4',
      origin: 'quarter',
      openedBy: null,
      state: 'open',
      totals: { items: 5, decided: 0 },
    })
    const { items } = await detail(root, review!.id)
    expect(items.map(({ kind, name, may, scope, owner }) => `${kind} ${name} ${may} ${scope} ${owner}`).sort()).toEqual([
      'assignment root administrator * root',
      'assignment second administrator * second',
      'assignment second auditor default second',
      'token ci read default root',
      'token shipper ingest default null',
    ])
    const north = { ...root, scope: 'north' }
    const [foreign] = await list(north)
    expect((await detail(north, foreign!.id)).items.map(({ kind, name, expires }) => [kind, name, expires])).toEqual([
      ['agent', 'host-7', new Date(now + 90 * DAY).toISOString()],
      ['assignment', 'north', null],
    ])
    await expect(detail(root, foreign!.id)).rejects.toMatchObject({ code: 'not_found' })
    now = Date.UTC(2027, 0, 1)
    expect(await open()).toBe(2)
    expect((await list(root)).map(({ name, overdue }) => [name, overdue])).toEqual([
      ['2027-Q1', false],
      ['2026-Q4', true],
    ])
    const opened = (await bed.evidence()).filter(({ action }) => action === 'review.open')
    expect(opened.map(({ scope, name }) => [scope, name])).toEqual([
      ['default', '2026-Q4'],
      ['north', '2026-Q4'],
      ['default', '2027-Q1'],
      ['north', '2027-Q1'],
    ])
  })

  it('lets nobody decide about their own access, nor a token about any, nor one scope about every', async () => {
    await open()
    const [review] = await list(root)
    const { items } = await detail(root, review!.id)
    expect(
      items
        .filter(({ canDecide }) => canDecide)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['second', 'second', 'shipper'])
    for (const own of [named(items, 'root'), named(items, 'ci')])
      await expect(decide(root, review!.id, own, { decision: 'keep' })).rejects.toMatchObject({ code: 'own_approval' })
    const token = testCaller({ kind: 'token', id: 't', name: 't' })
    await expect(decide(token, review!.id, named(items, 'shipper'), { decision: 'keep' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    const local = await bed.person('local', [['administrator', 'default']])
    await expect(decide(local, review!.id, named(items, 'root'), { decision: 'remove' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    // All or none: the one that is not allowed takes the others back.
    await expect(decide(root, review!.id, named(items, 'shipper', 'ci'), { decision: 'keep' })).rejects.toMatchObject({
      code: 'own_approval',
    })
    expect((await list(root))[0]?.totals.decided).toBe(0)
  })

  it('takes effect at once, finishes with the last decision, and leaves the list and its hash', async () => {
    await open()
    const [{ id }] = (await list(root)) as [ReviewView]
    const { items } = await detail(root, id)
    await decide(root, id, named(items, 'shipper'), { decision: 'remove', note: 'not used' })
    expect(await bed.db.selectFrom('access_tokens').select('name').execute()).toEqual([{ name: 'ci' }])
    await decide(root, id, named(items, 'auditor'), { decision: 'change', role: 'viewer' })
    expect((await assignmentsOf(bed.db, 'second')).map(({ role, scope }) => `${role} ${scope}`).sort()).toEqual([
      'administrator *',
      'viewer default',
    ])
    await expect(decide(second, id, named(items, 'shipper'), { decision: 'keep' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(decide(second, id, named(items, 'ci'), { decision: 'change', role: 'viewer' })).rejects.toMatchObject({
      code: 'conflict',
    })
    await decide(second, id, [...named(items, 'root'), ...named(items, 'ci')], { decision: 'keep' })
    const waiting = await detail(root, id, { state: 'waiting' })
    expect(waiting.items.map(({ name }) => name)).toEqual(['second'])
    const done = await decide(root, id, waiting.items, { decision: 'keep' })
    expect(done.review).toMatchObject({ state: 'finished', totals: { items: 5, decided: 5, keep: 3, change: 1, remove: 1 } })
    const finish = (await bed.evidence()).find(({ action }) => action === 'review.finish')
    expect(finish).toMatchObject({ review: id, keep: 3, change: 1, remove: 1, sha256: done.review.hash, by: { id: 'root' } })
    expect(listHash(await reviewItems(bed.db, id, { state: 'all' }, undefined, 100))).toBe(done.review.hash)
    const actions = (await bed.evidence()).map(({ action }) => action)
    expect(actions).toEqual(expect.arrayContaining(['token.revoke', 'roles.change', 'review.decide']))
    await expect(decide(root, id, waiting.items, { decision: 'keep' })).rejects.toMatchObject({ code: 'conflict' })
    const csv = await bed.call<RawReply>(root, 'GET', '/api/v1/reviews/:id/export', { params: { id } })
    const [header, ...rows] = parseCsv(String(csv.body))
    expect(header).toContain('decision')
    expect(rows).toHaveLength(5)
  })

  it('revokes agents, and asks for nothing but removal where the access is gone', async () => {
    await open()
    const reviewer = await bed.person('reviewer', [['administrator', 'north']], 'north')
    const [{ id }] = (await list(reviewer)) as [ReviewView]
    const { items } = await detail(reviewer, id)
    await decide(reviewer, id, named(items, 'host-7'), { decision: 'remove' })
    expect(await bed.db.selectFrom('access_certificates').select('revoked').execute()).toEqual([{ revoked: now }])
    await bed.db.deleteFrom('access_assignments').where('account_id', '=', 'north').execute()
    const [gone] = (await detail(reviewer, id, { state: 'waiting' })).items
    expect(gone).toMatchObject({ name: 'north', gone: true })
    await expect(decide(reviewer, id, [gone!], { decision: 'keep' })).rejects.toMatchObject({ code: 'conflict' })
    expect((await decide(reviewer, id, [gone!], { decision: 'remove' })).review.state).toBe('finished')
  })

  it('keeps the last administrator', async () => {
    await bed.db.deleteFrom('access_assignments').where('account_id', '=', 'second').where('role', '=', 'administrator').execute()
    await open()
    const [{ id }] = (await list(root)) as [ReviewView]
    const { items } = await detail(root, id)
    const installer = testCaller({ id: 'x', name: 'x' })
    await expect(decide(installer, id, named(items, 'root'), { decision: 'remove' })).rejects.toMatchObject({
      code: 'last_administrator',
    })
    expect(await assignmentsOf(bed.db, 'root')).toHaveLength(1)
  })

  it('is opened by hand only while none is open', async () => {
    const by = (caller: Caller) => bed.call<ReviewView>(caller, 'POST', '/api/v1/reviews')
    expect(await by(root)).toMatchObject({ name: '2026-10-05', origin: 'hand', openedBy: 'root' })
    await expect(by(root)).rejects.toMatchObject({ code: 'conflict' })
    expect(await open()).toBe(2)
  })

  it('measures how old the last review is, and who of the privileged has a second factor', async () => {
    const [age, factors] = accessMeasures(bed.db, clock)
    const read = (measure = age, scope = 'default') => measure!.measure({}, 0, now, scope)
    expect(await read()).toMatchObject({ value: null })
    const values = { scope: 'default', name: 'x', origin: 'hand', opened: now, opened_by: null, due: now, hash: 'h' } as const
    await bed.db
      .insertInto('access_reviews')
      .values({ id: 'r', finished: now - 1.5 * DAY, ...values })
      .execute()
    expect(await read()).toMatchObject({ value: 1.5, good: 1 })
    expect(await read(age, 'north')).toMatchObject({ value: null })
    expect(await read(factors)).toMatchObject({ value: 0, good: 0, bad: 0, unknown: 2 })
    await bed.db.updateTable('access_accounts').set({ password: 'x' }).where('id', '=', 'second').execute()
    await bed.db
      .insertInto('access_totp')
      .values({ account_id: 'root', scope: 'default', secret: '', active: 1, last_step: 0, created: now })
      .execute()
    expect(await read(factors)).toMatchObject({ value: 50, good: 1, bad: 1, unknown: 0, evidence: { without: ['second'] } })
    expect(await read(factors, 'north')).toMatchObject({ good: 1, unknown: 1, bad: 1 })
    expect(age!.check?.({ x: 1 })).toContain('no parameter')
  })
})
