import { beforeAll, expect, it } from 'vitest'
import type { Caller } from '../../platform/http/route.ts'
import { openState } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { type PartBed, partBed } from '../scopes/testing/part-bed.ts'
import { loadHandOver } from './hand-over.ts'
import type { AssetsPage, AssetView, ImportReply } from './schema.ts'

describeStates('assets and scopes', (states) => {
  let bed: PartBed
  let root: Caller
  let engineer: Caller
  let north: Caller
  const add = (caller: Caller, names: string[], labels: Record<string, string> = {}) =>
    bed.call<AssetView>(caller, 'POST', '/api/v1/assets', { body: { names, labels } })
  const list = (caller: Caller, query: Record<string, unknown> = {}) =>
    bed.call<AssetsPage>(caller, 'GET', '/api/v1/assets', { query })
  const change = (caller: Caller, id: string, body: unknown) =>
    bed.call<AssetView>(caller, 'PATCH', '/api/v1/assets/:id', { params: { id }, body })

  beforeAll(async () => {
    const clock = { now: () => Date.UTC(2026, 10, 22) }
    bed = partBed(await openState(await states.place(), migrations, clock), clock)
    root = await bed.person('root', [['administrator', '*']])
    engineer = await bed.person('engineer', [['engineer', 'default']])
    north = await bed.person('north', [['engineer', 'north']], 'north')
  })

  it('hands an asset to the scope whose labels it carries, both when it is made and when the scope is', async () => {
    const made = await add(root, ['web-01', '10.0.0.1'], { team: 'north', tier: 'web' })
    expect(made).toMatchObject({ scope: 'default', assigned: false })
    const reply = await bed.call(root, 'POST', '/api/v1/scopes', {
      body: { scope: 'north', title: 'North', labels: { team: 'north' } },
    })
    expect(reply).toMatchObject({ moved: 1, scope: { scope: 'north', assets: 1, people: 1 } })
    expect(await add(root, ['web-02'], { team: 'north' })).toMatchObject({ scope: 'north', assigned: true })
    expect((await list(north)).items.map((one) => one.names[0])).toEqual(['web-01', 'web-02'])
    expect((await list(root)).items).toEqual([])
    const moves = (await bed.evidence()).filter((one) => one['action'] === 'asset.move')
    expect(moves.map(({ scope, from, to }) => [scope, from, to])).toEqual([
      ['default', 'default', 'north'],
      ['north', 'default', 'north'],
    ])
    expect(bed.told()).toBe(3)
  })

  it('takes it back when the labels no longer match, and never what was made inside a scope', async () => {
    await add(north, ['own-01'], { team: 'north' })
    const patch = (labels: Record<string, string>) =>
      bed.call<{ moved: number }>(root, 'PATCH', '/api/v1/scopes/:scope', { params: { scope: 'north' }, body: { labels } })
    expect((await patch({ team: 'north', tier: 'web' })).moved).toBe(1)
    expect((await list(north)).items.map((one) => one.names[0])).toEqual(['own-01', 'web-01'])
    expect((await patch({})).moved).toBe(1)
    expect((await list(north)).items.map((one) => one.names[0])).toEqual(['own-01'])
    expect((await patch({ team: 'north' })).moved).toBe(2)
  })

  it('lets nobody draw events of the shared scope to themselves', async () => {
    await expect(add(engineer, ['db-01'], { team: 'north' })).rejects.toMatchObject({ code: 'asset_moves' })
    const [assigned] = (await list(north, { q: 'web-01' })).items
    await expect(change(north, assigned!.id, { names: ['web-01', 'dc-01'] })).rejects.toMatchObject({ code: 'asset_assigned' })
    await expect(change(north, assigned!.id, { labels: {} })).rejects.toMatchObject({ code: 'asset_moves' })
    await expect(bed.call(north, 'DELETE', '/api/v1/assets/:id', { params: { id: assigned!.id } })).rejects.toMatchObject({
      code: 'asset_assigned',
    })
    expect(await change(north, assigned!.id, { criticality: 'critical', owner: 'Sato' })).toMatchObject({
      criticality: 'critical',
    })
    await add(north, ['dc-01'])
    const handOver = await loadHandOver(bed.db)
    expect(handOver.scopeOf({ host: { name: 'WEB-01' } })).toBe('north')
    expect(handOver.scopeOf({ host: { name: 'x', ip: ['fe80::1', '10.0.0.1'] } })).toBe('north')
    // Both were made inside the scope: naming a host there draws nothing.
    expect(handOver.scopeOf({ host: { name: 'dc-01' } })).toBeUndefined()
    expect(handOver.scopeOf({ host: { name: 'own-01' } })).toBeUndefined()
    expect(handOver.scopeOf({ host: 'web-01', message: 'x' })).toBeUndefined()
  })

  it('shows and changes nothing of another scope', async () => {
    const [foreign] = (await list(north, { q: 'web-01' })).items
    const params = { id: foreign!.id }
    await expect(bed.call(engineer, 'GET', '/api/v1/assets/:id', { params })).rejects.toMatchObject({ code: 'not_found' })
    await expect(change(engineer, params.id, { owner: 'x' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(bed.call(engineer, 'DELETE', '/api/v1/assets/:id', { params })).rejects.toMatchObject({ code: 'not_found' })
    expect((await list(engineer, { q: 'web' })).total).toBe(0)
  })

  it('hands nothing over for a name that two scopes claim', async () => {
    await bed.call(root, 'POST', '/api/v1/scopes', { body: { scope: 'south', title: 'South', labels: { team: 'south' } } })
    await add(root, ['south-01', 'web-01'], { team: 'south' })
    const handOver = await loadHandOver(bed.db)
    expect(handOver.scopeOf({ host: { name: 'south-01' } })).toBe('south')
    expect(handOver.scopeOf({ host: { name: 'web-01' } })).toBeUndefined()
  })

  it('imports what can be read, tells every row that cannot, and changes nothing on a dry run', async () => {
    const text = [
      'names;labels;criticality;owner',
      '"imp-01;10.1.1.1";env=prod;high;Tanaka',
      'imp-02;;;',
      'imp-03;nolabel;;',
      ';;;',
      'imp-04;;enormous;',
      'imp-05;team=north;;',
    ].join('\n')
    const take = (dryRun: boolean, format = 'csv', file = text) =>
      bed.call<ImportReply>(engineer, 'POST', '/api/v1/assets/import', { body: { format, text: file, dryRun } })
    const dry = await take(true)
    expect((await list(engineer, { q: 'imp-' })).total).toBe(0)
    expect(dry).toMatchObject({ rows: 6, created: 2, changed: 0, unchanged: 0 })
    expect(dry.errors.map(({ row }) => row)).toEqual([3, 4, 5, 6])
    expect(await take(false)).toEqual(dry)
    expect(await take(false)).toMatchObject({ created: 0, changed: 0, unchanged: 2 })
    const changed = await take(
      false,
      'json',
      JSON.stringify([{ names: ['imp-01', '10.1.1.1'], owner: 'Sato' }, { names: [] }, 7]),
    )
    expect(changed).toMatchObject({ rows: 3, changed: 1, errors: [{ row: 2 }, { row: 3 }] })
    // What a row does not name stays.
    expect((await list(engineer, { q: 'imp-01' })).items[0]).toMatchObject({
      owner: 'Sato',
      criticality: 'high',
      labels: { env: 'prod' },
    })
    await expect(take(false, 'csv', 'names,colour\na,b\n')).rejects.toMatchObject({ code: 'bad_import' })
    await expect(take(false, 'json', '{}')).rejects.toMatchObject({ code: 'bad_import' })
  })

  it('pages through all of them once', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page: AssetsPage = await list(engineer, { limit: 1, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.items.map((one) => one.names[0]!))
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(['imp-01', 'imp-02'])
    await expect(list(engineer, { cursor: 'bm90IG91cnM' })).rejects.toMatchObject({ code: 'bad_cursor' })
  })

  it('keeps the shared scope and its name', async () => {
    const make = (scope: string) => bed.call(root, 'POST', '/api/v1/scopes', { body: { scope, title: 'x' } })
    await expect(make('default')).rejects.toMatchObject({ code: 'conflict' })
    await expect(make('north')).rejects.toMatchObject({ code: 'conflict' })
    await expect(
      bed.call(root, 'PATCH', '/api/v1/scopes/:scope', { params: { scope: 'default' }, body: { title: 'x' } }),
    ).rejects.toMatchObject({ code: 'conflict' })
    for (const bad of ['', '*', 'A', '-a', 'a'.repeat(41), 'a b']) await expect(make(bad)).rejects.toThrow()
    expect(await bed.call(north, 'GET', '/api/v1/scopes/mine', {})).toEqual({ items: [{ scope: 'north', title: 'North' }] })
    const { items } = await bed.call<{ items: { scope: string }[] }>(root, 'GET', '/api/v1/scopes')
    expect(items.map(({ scope }) => scope)).toEqual(['default', 'north', 'south'])
  })
})
