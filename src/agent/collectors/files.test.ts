import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { IntegrityRule } from '../../hosts/schema.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { createIntegrity, type Integrity } from '../integrity/integrity.ts'
import type { Knowing } from '../spool.ts'
import { fileCollector } from './files.ts'

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

interface Running {
  readonly told: string[]
  readonly events: JsonObject[]
  readonly knowing: Knowing[]
  readonly counts: Map<string, number>
  readonly integrity: Integrity
  readonly until: (what: string, times?: number) => Promise<void>
  readonly end: () => Promise<void>
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

async function run(
  home: string,
  more: {
    rules?: IntegrityRule[]
    frozen?: boolean
    fullCheckMs?: number
    flush?: () => Promise<void>
    known?: readonly Knowing[]
  } = {},
): Promise<Running> {
  const at = join(home, 'watched')
  const folder = join(home, 'kept')
  mkdirSync(at, { recursive: true })
  mkdirSync(folder, { recursive: true })
  const told: string[] = []
  const events: JsonObject[] = []
  const counts = new Map<string, number>()
  const end = new AbortController()
  const integrity = createIntegrity()
  const { flush, known, ...rest } = more
  const knowing: Knowing[] = []
  const options = { watch: [at], ignore: [], rules: [], frozen: false, fullCheckMs: 3_600_000, passwd: '/etc/passwd', ...rest }
  const running = fileCollector({ ...options, root: home, integrity }).run({
    emit: (event, one) => {
      if (one !== undefined) knowing.push(one)
      const { action } = event['event'] as { action: string }
      const { changed = [] } = (event['kanpeki_agent'] as { file: { changed?: string[] } }).file
      const path = (event['file'] as { path: string }).path.slice(at.length + 1)
      told.push([action.replace('file-', ''), path, ...changed].join(' ').trim())
      events.push(event)
      return true
    },
    room: async () => {},
    ...(flush === undefined ? {} : { flush }),
    ...(known === undefined ? {} : { takeKnown: () => new Map(known) }),
    count: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    signal: end.signal,
    folder,
    warn: () => {},
  })
  while (integrity.report() === undefined) await soon()
  return {
    told,
    events,
    knowing,
    counts,
    integrity,
    until: async (what, times = 1) => {
      for (let turn = 0; told.filter((one) => one === what).length < times; turn++) {
        if (turn > 1_000) throw new Error(`not told: ${what}; told: ${told.join(', ')}`)
        await soon()
      }
    },
    end: async () => {
      end.abort()
      await running
    },
  }
}

const home = (): string => {
  const made1 = mkdtempSync(join(tmpdir(), 'kanpeki-files-'))
  made.push(made1)
  return made1
}

it.skipIf(process.platform !== 'linux')(
  'tells what changes in folders of thousands of files, in new folders and in moved ones, as it happens (needs Linux)',
  async () => {
    const base = home()
    const at = join(base, 'watched')
    const many = join(at, 'many')
    mkdirSync(many, { recursive: true })
    for (let i = 0; i < 3_000; i++) writeFileSync(join(many, `file-${i}`), '')
    const { told, counts, until, end } = await run(base)
    for (let i = 0; i < 1_000; i++) appendFileSync(join(many, `file-${i}`), 'x')
    await until('change many/file-999 content times')
    expect(told.filter((one) => one.startsWith('change many/'))).toHaveLength(1_000)
    mkdirSync(join(at, 'new/deep'), { recursive: true })
    writeFileSync(join(at, 'new/deep/one'), '1')
    await until('creation new/deep/one')
    writeFileSync(join(at, 'new/deep/two'), '2')
    await until('creation new/deep/two')
    renameSync(join(at, 'new'), join(at, 'moved'))
    await until('deletion new/deep/two')
    await until('creation moved/deep/two')
    writeFileSync(join(at, 'moved/deep/two'), 'other')
    await until('change moved/deep/two content times')
    chmodSync(at, 0o700)
    await until('change  mode')
    rmSync(join(at, 'moved'), { recursive: true })
    await until('deletion moved')
    expect(counts.get('files.watchFailed')).toBeUndefined()
    expect(counts.get('files.missed')).toBeUndefined()
    await end()
  },
  60_000,
)

it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'tells every kind of change, says what drifted from the accepted baseline, over a restart too (needs Linux and root)',
  async () => {
    const base = home()
    const at = join(base, 'watched')
    mkdirSync(at)
    const names = ['content', 'mode', 'owner', 'times', 'xattr', 'acl', 'gone', 'linked', 'renamed', 'back', 'loose']
    for (const name of names) writeFileSync(join(at, name), 'first')
    symlinkSync('/one', join(at, 'link'))
    mkdirSync(join(at, 'loose-folder'))
    const rules: IntegrityRule[] = [{ path: join(at, 'loose'), check: ['content'] }]
    const first = await run(base, { rules })
    const { integrity } = first
    expect(integrity.report()).toMatchObject({ baseline: null, broken: false, changed: 0, unverified: 0, paths: 14 })
    const receipt = await integrity.accept(integrity.report()!.state, '0d7f2d4e-5c39-4c0b-a2a4-5ad1b5b3a001')
    expect(receipt).toMatchObject({ outcome: 'done', detail: { paths: 14, changes: 0 } })

    writeFileSync(join(at, 'content'), 'other')
    writeFileSync(join(at, 'back'), 'other')
    chmodSync(join(at, 'mode'), 0o4755)
    chmodSync(join(at, 'loose'), 0o600)
    chownSync(join(at, 'owner'), 12, 34)
    utimesSync(join(at, 'times'), 1, 1)
    utimesSync(join(at, 'loose-folder'), 1, 1)
    execFileSync('setfattr', ['-n', 'user.kanpeki', '-v', 'x', join(at, 'xattr')])
    execFileSync('setfacl', ['-m', 'u:12:r', join(at, 'acl')])
    unlinkSync(join(at, 'gone'))
    linkSync(join(at, 'linked'), join(at, 'second-name'))
    renameSync(join(at, 'renamed'), join(at, 'its new name'))
    unlinkSync(join(at, 'link'))
    symlinkSync('/two', join(at, 'link'))
    const all = [
      'change acl acl',
      'change back content times',
      'change content content times',
      'change link target times inode',
      'change linked links',
      'change loose-folder times',
      'change mode mode',
      'change owner owner group',
      'change times times',
      'change xattr xattr',
      'creation its new name',
      'creation second-name',
      'deletion gone',
      'deletion renamed',
    ]
    for (const what of all) await first.until(what)
    expect(first.told.toSorted()).toEqual(all)
    const { mtime } = (first.events[0]!['file'] as { mtime?: string }) ?? {}
    expect(mtime).toBeDefined()
    writeFileSync(join(at, 'back'), 'first')
    await first.until('change back content times', 2)
    expect(integrity.report()).toMatchObject({ changed: 14, unverified: 14, missed: 0 })
    await first.end()

    // What happens while no agent runs is found at the start; the baseline is the accepted one still.
    appendFileSync(join(at, 'second-name'), 'more')
    const second = await run(base, { rules })
    await second.until('change linked content times')
    const report = second.integrity.report()!
    expect(report).toMatchObject({ broken: false, baseline: { command: '0d7f2d4e-5c39-4c0b-a2a4-5ad1b5b3a001' }, changed: 14 })
    expect(report.changes.find(({ path }) => path.endsWith('/back'))).toMatchObject({ kind: 'change', changed: ['times'] })
    const stale = second.integrity.accept('0'.repeat(64), '0d7f2d4e-5c39-4c0b-a2a4-5ad1b5b3a002')
    await expect(stale).rejects.toMatchObject({ code: 'agent_refuses' })
    await second.end()

    // A kept baseline that somebody wrote is none; nor is one for other rules.
    const kept = join(base, 'kept/drift.json')
    writeFileSync(kept, '[]')
    const third = await run(base, { rules })
    expect(third.integrity.report()).toMatchObject({ broken: true, baseline: null })
    await third.end()
    const fourth = await run(base)
    expect(fourth.integrity.report()).toMatchObject({ broken: false, baseline: null })
    await fourth.end()
  },
  60_000,
)

it.skipIf(process.platform !== 'linux')(
  'finds by reading everything again what no watch tells, a write through a name elsewhere, and counts it (needs Linux)',
  async () => {
    const base = home()
    mkdirSync(join(base, 'watched'))
    writeFileSync(join(base, 'watched/file'), 'one')
    linkSync(join(base, 'watched/file'), join(base, 'elsewhere'))
    const { told, counts, integrity, events, until, end } = await run(base, { fullCheckMs: 600 })
    writeFileSync(join(base, 'elsewhere'), 'two')
    await until('change file content times')
    expect(events[0]).toMatchObject({ kanpeki_agent: { file: { found: 'check' } } })
    await end()
    expect(told).toHaveLength(1)
    expect(counts.get('files.missed')).toBe(1)
    expect(integrity.report()).toBeUndefined()
  },
  60_000,
)

it.skipIf(process.platform !== 'linux')(
  'says who did it where the audit system knows, and which package it came with; nothing excuses a change on a frozen path (needs Linux)',
  async () => {
    const base = home()
    const at = join(base, 'watched')
    mkdirSync(at)
    writeFileSync(join(at, 'tool'), 'old')
    writeFileSync(join(at, 'ice'), 'old')
    const info = join(base, 'var/lib/dpkg/info')
    mkdirSync(info, { recursive: true })
    mkdirSync(join(base, 'var/log'))
    writeFileSync(join(info, 'tools.list'), `${['tool', 'ice', 'other'].map((name) => join(at, name)).join('\n')}\n`)
    const md5 = '22af645d1859cb5ca6da0c484f1f37ea'
    writeFileSync(
      join(info, 'tools.md5sums'),
      ['tool', 'ice', 'other'].map((name) => `${md5}  ${join(at, name).slice(1)}\n`).join(''),
    )
    const now = new Date()
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString()
    writeFileSync(
      join(base, 'var/log/dpkg.log'),
      `${local.slice(0, 10)} ${local.slice(11, 19)} status installed tools:amd64 2.0-1\n`,
    )
    const { integrity, events, until, end } = await run(base, {
      rules: [{ path: join(at, 'ice'), check: ['content'], frozen: true }],
    })
    const act = { at: Date.now(), process: { pid: 7, name: 'dpkg' }, user: { id: '0', name: 'root' } }
    integrity.audited.note([[join(at, 'tool'), 'changed']], act)
    for (const name of ['tool', 'ice']) writeFileSync(join(at, name), 'new')
    writeFileSync(join(at, 'other'), 'not what the package brought')
    await until('change tool content times')
    await until('change ice content')
    await until('creation other')
    const of = (name: string) => events.find(({ file }) => (file as { name: string }).name === name)
    const named = { package: { name: 'tools', version: '2.0-1', reference: 'md5' } }
    expect(of('tool')).toMatchObject({ ...named, process: { name: 'dpkg' }, user: { name: 'root' } })
    expect((of('tool')!['kanpeki_agent'] as { file: object }).file).not.toHaveProperty('unverified')
    expect(of('ice')).toMatchObject({ ...named, kanpeki_agent: { file: { frozen: true, unverified: true } } })
    expect(of('ice')).not.toHaveProperty('process')
    expect(of('other')).not.toHaveProperty('package')
    expect(of('other')).toMatchObject({ kanpeki_agent: { file: { unverified: true } } })
    expect(integrity.report()).toMatchObject({ frozen: true, changed: 3, unverified: 2 })
    await end()
  },
  60_000,
)

it.skipIf(process.platform !== 'linux')(
  'keeps nothing as known before what was told of it is durable (needs Linux)',
  async () => {
    const base = home()
    let durable: Promise<void> = Promise.resolve()
    const { until, end } = await run(base, { flush: () => durable })
    const journal = (): string => readFileSync(join(base, 'kept/files.log'), { encoding: 'utf8', flag: 'a+' })
    writeFileSync(join(base, 'watched/first'), '1')
    await until('creation first')
    await vi.waitFor(() => expect(journal()).toContain('watched/first'))
    const gate = Promise.withResolvers<void>()
    durable = gate.promise
    writeFileSync(join(base, 'watched/second'), '2')
    await until('creation second')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(journal()).not.toContain('watched/second')
    gate.resolve()
    await vi.waitFor(() => expect(journal()).toContain('watched/second'))
    await end()
  },
)

it.skipIf(process.platform !== 'linux')(
  'tells nothing again that was told right before a crash, and what changed since once (needs Linux)',
  async () => {
    const base = home()
    const at = join(base, 'watched')
    mkdirSync(join(at, 'in'), { recursive: true })
    for (const name of ['changed', 'gone', 'later']) writeFileSync(join(at, 'in', name), '1')
    const kept = join(base, 'kept')
    await (await run(base)).end()
    cpSync(kept, join(base, 'before'), { recursive: true })
    const first = await run(base)
    writeFileSync(join(at, 'in/changed'), '12')
    unlinkSync(join(at, 'in/gone'))
    writeFileSync(join(at, 'in/new'), '1')
    writeFileSync(join(at, 'in/later'), '12')
    for (const one of ['change in/changed content times', 'deletion in/gone', 'creation in/new', 'change in/later content times'])
      await first.until(one)
    const changed = first.integrity.report()!.changed
    await first.end()
    expect(first.knowing.map(([path]) => path.slice(at.length + 1)).toSorted()).toEqual([
      'in/changed',
      'in/gone',
      'in/later',
      'in/new',
    ])
    // As a crash leaves it: what was told is on the disk, and nothing else.
    rmSync(kept, { recursive: true })
    cpSync(join(base, 'before'), kept, { recursive: true })
    writeFileSync(join(at, 'in/later'), '123')
    const second = await run(base, { known: first.knowing })
    await second.until('change in/later content times')
    expect(second.integrity.report()!.changed).toBe(changed)
    await second.end()
    expect(second.told).toEqual(['change in/later content times'])
    const third = await run(base)
    expect(third.integrity.report()!.changed).toBe(changed)
    await third.end()
    expect(third.told).toEqual([])
  },
  30_000,
)
