import { beforeEach, expect, it } from 'vitest'
import type { Caller, Route } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { searchMigrations } from './migrations.ts'
import { searchRoutes } from './routes.ts'
import type { SavedSearch } from './schema.ts'

const clock = { now: () => Date.UTC(2026, 10, 22) }
const analyst = testCaller({ id: 'sato', permissions: new Set(['events:read', 'alerts:write'] as const) })
const viewer = testCaller({ id: 'viewer', permissions: new Set(['events:read'] as const) })
const stranger = testCaller({ id: 'other', scope: 'team', permissions: new Set(['events:read', 'access:write'] as const) })
const admin = testCaller({ id: 'admin', permissions: new Set(['events:read', 'access:write'] as const) })

describeStates('saved searches', ({ open }) => {
  let state: State
  beforeEach(async () => {
    state = await open(searchMigrations)
  })
  const ask = async (method: Route['method'], caller: Caller, body: object = {}, id?: string): Promise<unknown> => {
    const route = searchRoutes({ state, clock }).find((one) => one.method === method)!
    const input = { params: { id }, query: undefined, body: route.body?.parse(body), caller }
    return await route.handle(input as never)
  }
  const save = async (caller: Caller, body: object): Promise<SavedSearch> =>
    (await ask('POST', caller, { name: 'Failed', query: 'event.outcome:failure', ...body })) as SavedSearch
  const seen = async (caller: Caller): Promise<string[]> =>
    ((await ask('GET', caller)) as { searches: SavedSearch[] }).searches.map(({ name, mine }) => `${name}${mine ? '' : '*'}`)

  it('shows whoever asks their own and the shared ones of the scope', async () => {
    await save(analyst, { span: '24h' })
    await save(analyst, { name: 'Shared', shared: true, from: '2026-11-01T00:00:00.000Z', to: null })
    await save(viewer, { name: 'A viewer’s' })
    expect(await seen(analyst)).toEqual(['Failed', 'Shared'])
    expect(await seen(viewer)).toEqual(['A viewer’s', 'Shared*'])
    expect(await seen(stranger)).toEqual([])
  })

  it('lets owners change and delete them, and administrators what is shared', async () => {
    const own = await save(analyst, {})
    const shared = await save(analyst, { name: 'Shared', shared: true })
    const body = { name: 'New', query: 'x', span: '7d' }
    for (const [caller, id] of [
      [viewer, own.id],
      [viewer, shared.id],
      [stranger, shared.id],
      [admin, own.id],
    ] as const) {
      await expect(ask('PUT', caller, body, id)).rejects.toMatchObject({ code: 'not_found' })
      await expect(ask('DELETE', caller, {}, id)).rejects.toMatchObject({ code: 'not_found' })
    }
    expect(await ask('PUT', analyst, body, own.id)).toMatchObject({ name: 'New', query: 'x', span: '7d', shared: false })
    await ask('DELETE', admin, {}, shared.id)
    expect(await seen(analyst)).toEqual(['New'])
  })

  it('refuses sharing by those who only read, a query that is none, and hoarding', async () => {
    await expect(save(viewer, { shared: true })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(save(viewer, { query: '(' })).rejects.toMatchObject({ code: 'query_ends' })
    for (let n = 0; n < 200; n++) await save(viewer, { name: `n${n}` })
    await expect(save(viewer, {})).rejects.toMatchObject({ code: 'too_many' })
  })
})
