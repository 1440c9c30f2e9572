import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import type { RawReply } from '../../platform/http/route.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { openDrainer } from '../drain.ts'
import { openLedger } from '../ledger.ts'
import { proveMigrations } from '../migrations.ts'
import { findEntries } from '../queries.ts'
import { readFolder } from '../read-folder.ts'
import { readEntry } from '../reconcile.ts'
import type { ProveTables } from '../tables.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { verifyDirectory } from '../verify/directory.ts'
import { openContents } from './contents.ts'
import { type CustodyDeps, openCustody } from './custody.ts'
import { custodyRoutes } from './routes.ts'
import type { ArtefactDetail, ArtefactsPage } from './schema.ts'
import { openChunks, sealChunks } from './sealed-chunks.ts'

const KEY = Buffer.alloc(32, 3)
const START = Date.parse('2026-03-01T10:00:00.000Z')
const DAY = 86_400_000
const ANA = { id: 'u1', name: 'Ana', scope: 'default' }
const BOB = { id: 'u2', name: 'Bob', scope: 'team-b' }

async function* from(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

describe('sealed chunks', () => {
  test('come back as they were, however they arrive', async () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 90_000 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        const sealed = await all(sealChunks(from(...given), KEY))
        const cut = Math.floor(sealed.length / 3)
        const back = await all(openChunks(from(sealed.subarray(0, cut), sealed.subarray(cut)), KEY))
        expect(back.equals(Buffer.concat(given))).toBe(true)
      }),
      { numRuns: 8 },
    )
  })

  test.each<[what: string, change: (sealed: Buffer) => Buffer]>([
    ['a changed bit', (sealed) => Buffer.from(sealed.map((byte, at) => (at === 70_000 ? byte ^ 1 : byte)))],
    ['an end that is cut off', (sealed) => sealed.subarray(0, 65_552)],
    ['a byte that is cut off', (sealed) => sealed.subarray(0, -1)],
    [
      'pieces in another order',
      (sealed) => Buffer.concat([sealed.subarray(65_552, 131_104), sealed.subarray(0, 65_552), sealed.subarray(131_104)]),
    ],
    ['something after the end', (sealed) => Buffer.concat([sealed, sealed.subarray(0, 30)])],
    ['nothing', () => Buffer.alloc(0)],
  ])('%s is found', async (_, change) => {
    const sealed = await all(sealChunks(from(Buffer.alloc(150_000, 7)), KEY))
    await expect(all(openChunks(from(change(sealed)), KEY))).rejects.toMatchObject({ code: 'artefact_damaged' })
  })
})

describeStates('artefacts', (bed) => {
  async function kept(more: Partial<CustodyDeps> & { readonly sealed?: boolean } = {}) {
    const data = temporaryFolder()
    const clock = { time: START, now: () => clock.time }
    const state = await bed.open(proveMigrations, clock)
    const ledger = await openLedger({ data, origin: 'example.com/soc', clock })
    const drainer = await openDrainer({ ledger, state, clock })
    const open = async () =>
      openCustody({
        state,
        contents: await openContents(data, more.sealed ?? true),
        clock,
        sealer: createSealer([KEY]),
        quota: 1_000,
        most: 600,
        changed: () => undefined,
        ...more,
      })
    const files = (): readonly string[] =>
      readdirSync(join(data, 'artefacts'), { recursive: true, encoding: 'utf8' }).filter((name) => /[0-9a-f]{64}$/.test(name))
    const verify = async () => {
      await drainer.drain()
      return verifyDirectory(readFolder(data), { trusted: [ledger.key] })
    }
    const deeds = async (id: string, scope = 'default') => {
      await drainer.drain()
      const found = await findEntries(state.tables<ProveTables & StateTables>(), {
        scope,
        subject: { kind: 'artefact', id },
        limit: 50,
      })
      return Promise.all([...found].reverse().map(async (index) => (await readEntry(ledger, index)).body))
    }
    return { data, clock, state, ledger, drainer, custody: await open(), open, files, verify, deeds }
  }
  const ABOUT = { name: 'dump.raw', kind: 'capture', source: 'host db1, memory' } as const

  test('are kept by their hash, taken and handed over, and the ledger says by whom', async () => {
    const { data, clock, custody, files, verify, deeds } = await kept()
    const observed = '2026-02-28T23:00:00+01:00'
    const row = await custody.add(ANA, { ...ABOUT, observed, note: 'before the reboot', alert: 'a1' }, from('mem', 'ory'))
    expect(row).toMatchObject({ sha256: sha256('memory'), bytes: 6, observed: Date.parse(observed), received: START })
    expect(files()).toEqual([`${row.sha256.slice(0, 2)}/${row.sha256}`])
    expect(readFileSync(join(data, 'artefacts', files()[0]!)).includes('memory')).toBe(false)
    clock.time += 1000
    const taken = await custody.take({ ...ANA, id: 'u3', name: 'Cyn' }, row.id)
    expect((await all(taken.content)).toString()).toBe('memory')
    await custody.transfer(ANA, row.id, 'Police, K. Sato', 'request 12/2026')
    const by = { id: 'u1', name: 'Ana' }
    expect(await deeds(row.id)).toMatchObject([
      {
        action: 'artefact.add',
        by,
        sha256: sha256('memory'),
        bytes: 6,
        source: 'host db1, memory',
        alert: 'a1',
        scan: { unscanned: 'no-rules' },
      },
      { action: 'artefact.take', by: { id: 'u3', name: 'Cyn' } },
      { action: 'artefact.transfer', by, to: 'Police, K. Sato', reason: 'request 12/2026' },
    ])
    expect(await verify()).toMatchObject({ verdict: 'proved', failures: [] })
    await expect(custody.take(BOB, row.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('are listed page by page, opened with their chain and downloaded over the API', async () => {
    const { clock, state, ledger, drainer, custody } = await kept()
    const confirmed: string[] = []
    const routes = custodyRoutes({ custody, ledger, state, clock, confirm: ({ name }) => void confirmed.push(name) })
    const call = async (name: string, more: object): Promise<unknown> => {
      const found = routes.find(({ method, path }) => name.replace(' ', ' /api/v1/artefacts') === `${method} ${path}`)!
      const query = found.query?.parse({ ...('query' in more ? (more.query as object) : {}) })
      return found.handle({ caller: testCaller(), ...more, query } as never)
    }
    const ids: string[] = []
    for (const name of ['a b.txt', 'b', 'c']) {
      const query = { name, source: 'desk', kind: 'report' }
      ids.push(((await call('POST ', { query, request: from(name) })) as { id: string }).id)
    }
    const first = (await call('GET ', { query: { limit: '2' } })) as ArtefactsPage
    expect(first.items.map(({ id, logged }) => [id, logged])).toEqual([
      [ids[2], null],
      [ids[1], null],
    ])
    expect([first.used, first.quota, first.most]).toEqual([9, 1000, 600])
    const second = (await call('GET ', { query: { cursor: first.next } })) as ArtefactsPage
    expect([second.items.map(({ id }) => id), second.next]).toEqual([[ids[0]], null])
    const params = { id: ids[0]! }
    const reply = (await call('GET /:id/content', { params })) as RawReply
    expect(reply.headers['content-disposition']).toBe("attachment; filename*=UTF-8''a%20b.txt")
    expect((await all(reply.body as AsyncIterable<Uint8Array>)).toString()).toBe('a b.txt')
    const body = { reason: 'case 7', to: 'a court' }
    await call('POST /:id/transfers', { params, body })
    expect(await call('POST /:id/hold', { params, body })).toMatchObject({ hold: { reason: 'case 7' } })
    await call('POST /:id/release', { params, body })
    await drainer.drain()
    const detail = (await call('GET /:id', { params })) as ArtefactDetail
    expect(detail).toMatchObject({ id: ids[0], kind: 'report', entry: 0, logged: expect.any(String), valid: true, sealed: true })
    expect(detail.chain.map(({ body: said }) => said['action'])).toEqual(
      ['add', 'take', 'transfer', 'hold', 'release'].map((one) => `artefact.${one}`),
    )
    await call('DELETE /:id', { params, body })
    expect(confirmed).toEqual(['u1', 'u1'])
    await expect(call('GET /:id/content', { params })).rejects.toMatchObject({ code: 'gone' })
    await expect(call('GET /:id', { params: { id: 'none' } })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('of one content are one file, which goes with the last of them', async () => {
    const { custody, files, verify } = await kept()
    const [one, two] = await Promise.all([
      custody.add(ANA, ABOUT, from('same')),
      custody.add(BOB, { ...ABOUT, name: 'other name' }, from('sa', 'me')),
    ])
    expect(files()).toHaveLength(1)
    expect(await custody.used()).toBe(4)
    await custody.remove(ANA, one.id, 'brought twice')
    expect(files()).toHaveLength(1)
    expect((await all((await custody.take(BOB, two.id)).content)).toString()).toBe('same')
    await expect(custody.take(ANA, one.id)).rejects.toMatchObject({ code: 'gone' })
    await custody.remove(BOB, two.id, 'not needed')
    expect(files()).toEqual([])
    expect(await custody.used()).toBe(0)
    expect(await verify()).toMatchObject({ verdict: 'proved' })
    const again = await custody.add(ANA, ABOUT, from('same'))
    expect((await all((await custody.take(ANA, again.id)).content)).toString()).toBe('same')
    expect(await verify()).toMatchObject({ verdict: 'proved' })
  })

  test('go when their time is over, unless somebody holds them', async () => {
    const { clock, custody, files, deeds } = await kept()
    const keepUntil = new Date(START + DAY).toISOString()
    const free = await custody.add(ANA, { ...ABOUT, keepUntil }, from('free'))
    const held = await custody.add(ANA, { ...ABOUT, keepUntil }, from('held'))
    const longer = await custody.add(ANA, { ...ABOUT, keepUntil }, from('longer'))
    await custody.hold(ANA, held.id, 'case 7')
    await custody.change(ANA, longer.id, { keepUntil: new Date(START + 9 * DAY).toISOString() })
    await expect(custody.hold(ANA, held.id, 'again')).rejects.toMatchObject({ code: 'conflict' })
    await expect(custody.remove(ANA, held.id, 'x')).rejects.toMatchObject({ code: 'conflict' })
    expect(await custody.sweep()).toBe(0)
    clock.time += 2 * DAY
    expect(await custody.sweep()).toBe(1)
    expect(files()).toHaveLength(2)
    expect((await deeds(free.id)).at(-1)).toMatchObject({
      action: 'artefact.remove',
      by: { id: 'kanpeki' },
      reason: 'its time is over',
    })
    await custody.release(ANA, held.id, 'case 7 is closed')
    expect(await custody.sweep()).toBe(1)
    expect((await deeds(held.id)).map(({ action }) => action)).toEqual([
      'artefact.add',
      'artefact.hold',
      'artefact.release',
      'artefact.remove',
    ])
  })

  test('are refused beyond what one may have and what there is room for, and leave nothing', async () => {
    const { data, custody, files } = await kept()
    await expect(custody.add(ANA, ABOUT, from(Buffer.alloc(601)))).rejects.toMatchObject({ code: 'too_large' })
    await custody.add(ANA, ABOUT, from(Buffer.alloc(600, 1)))
    await expect(custody.add(ANA, ABOUT, from(Buffer.alloc(500, 2)))).rejects.toMatchObject({ code: 'too_large' })
    await expect(custody.add(ANA, ABOUT, broken())).rejects.toThrow('the sender went away')
    expect(files()).toHaveLength(1)
    expect(readdirSync(join(data, 'artefacts/.unfinished'))).toEqual([])
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('begin')
      throw new Error('the sender went away')
    }
  })

  test.each([true, false])(
    'that were changed or are gone are not handed out, and verify names them (sealed: %s)',
    async (sealed) => {
      const { data, custody, files, verify } = await kept({ sealed })
      const row = await custody.add(ANA, ABOUT, from('what was there'))
      const path = join(data, 'artefacts', files()[0]!)
      if (!sealed) expect(readFileSync(path, 'utf8')).toBe('what was there')
      expect(await verify()).toMatchObject({ verdict: 'proved' })
      const before = readFileSync(path)
      before[3]! ^= 1
      writeFileSync(path, before)
      await expect(custody.take(ANA, row.id)).rejects.toMatchObject({ code: 'artefact_damaged' })
      expect((await verify()).failures).toMatchObject([{ code: 'artefact_mismatch', leaf: 0, path: `artefacts/${files()[0]!}` }])
      rmSync(path)
      await expect(custody.take(ANA, row.id)).rejects.toMatchObject({ code: 'artefact_damaged' })
      expect((await verify()).failures).toMatchObject([{ code: 'artefact_missing', leaf: 0 }])
    },
  )

  test('are looked into with YARA, and what could not be is said', async () => {
    const scan = async (data: Uint8Array) => {
      if (Buffer.from(data).includes('crash')) throw new KanpekiError('yara_died', 'The scanner died.')
      return Buffer.from(data).includes('evil') ? ['Evil', 'Suspicious'] : []
    }
    const { custody, deeds } = await kept({ scan })
    const scans: unknown[] = []
    for (const text of ['an evil file', 'a good one', 'crash']) {
      const row = await custody.add(ANA, ABOUT, from(text))
      scans.push((await deeds(row.id))[0]!['scan'])
    }
    expect(scans).toEqual([{ rules: ['Evil', 'Suspicious'] }, { rules: [] }, { unscanned: 'failed' }])
  })

  test('that a crash left without a record are removed at the next start', async () => {
    const { data, open, files, custody } = await kept()
    await custody.add(ANA, ABOUT, from('recorded'))
    const lost = join(data, 'artefacts', 'ab', 'ab'.repeat(32))
    rmSync(join(data, 'artefacts', 'ab'), { recursive: true, force: true })
    mkdirSync(join(data, 'artefacts', 'ab'))
    writeFileSync(lost, 'x')
    await open()
    expect(existsSync(lost)).toBe(false)
    expect(files()).toHaveLength(1)
  })
})
