import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PARAMS, type ParamsOf } from '../../hosts/schema.ts'
import { bootTime, startedAt } from '../collectors/boot-time.ts'
import { startOf } from '../collectors/proc.ts'
import { snapshotOf } from '../snapshot.ts'
import { accountResponders } from './account.ts'
import { collectResponder } from './collect.ts'
import { blockRules, isolationRules } from './firewall.ts'
import { killResponder } from './kill.ts'
import { quarantineResponders } from './quarantine.ts'
import { queryResponder } from './query.ts'
import type { RespondContext } from './responder.ts'

const linux = process.platform === 'linux'
const root = process.getuid?.() === 0
const tools = root && ['getfattr', 'setfacl'].every((tool) => spawnSync(tool, ['--version']).status === 0)
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-respond-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let made = 0
const fresh = (): string => {
  const path = join(folder, String(made++))
  mkdirSync(path)
  return path
}
const context = (key: string, more: Partial<RespondContext> = {}): RespondContext => ({
  id: '5f0c7a52-9f5e-4c0e-8a53-0d3c0f4f9a11',
  key,
  folder,
  signal: new AbortController().signal,
  count: () => {},
  warn: () => {},
  upload: async () => ({}),
  download: async () => {},
  recent: () => [],
  ...more,
})
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe.skipIf(!linux)('kill (needs Linux)', () => {
  const kill = killResponder({ root: '/proc', never: ['bash'] })
  const started = (pid: number): number => startedAt(bootTime('/proc'), startOf('/proc', pid)!.started)

  it('comes to the end of a fork storm', async () => {
    // Each child starts another and ends late; bounded here by the shell's own counter, should the kill fail.
    const storm = spawn('sh', ['-c', 'i=0; while [ $i -lt 3000 ]; do (sleep 60 & sleep 60) & i=$((i+1)); done; wait'], {
      stdio: 'ignore',
    })
    await new Promise((resolve) => storm.once('spawn', resolve))
    while (readdirSync('/proc').filter((one) => startOf('/proc', Number(one))?.parent === storm.pid).length < 50)
      await new Promise((resolve) => setImmediate(resolve))
    const ended = new Promise((resolve) => storm.once('close', (_, signal) => resolve(signal)))
    const { outcome, detail } = await kill({ pid: storm.pid!, started: started(storm.pid!) })
    expect(outcome).toBe('done')
    expect(await ended).toBe('SIGKILL')
    console.log(`${String(detail['count'])} processes ended`)
    expect(detail['count']).toBeGreaterThan(100)
  })

  it('refuses what the limit forbids, the first process and its own, and a number without more', async () => {
    const bash = spawn('bash', ['-c', 'sleep 5; true'], { stdio: 'ignore' })
    await new Promise((resolve) => bash.once('spawn', resolve))
    const cases: readonly (readonly [ParamsOf<'kill'>, string])[] = [
      [{ pid: bash.pid!, started: started(bash.pid!) }, 'agent_refuses'],
      [{ pid: 1, started: started(1) }, 'agent_refuses'],
      [{ pid: process.pid, started: started(process.pid) }, 'agent_refuses'],
      [{ pid: process.ppid, started: started(process.ppid) }, 'agent_refuses'],
      [{ pid: bash.pid!, name: 'another' }, 'agent_refuses'],
      [{ pid: bash.pid! }, 'agent_params'],
    ]
    for (const [params, code] of cases) await expect(kill(params)).rejects.toMatchObject({ code })
    expect(bash.exitCode).toBeNull()
    bash.kill('SIGKILL')
    expect(await kill({ pid: 4_194_304, name: 'x' })).toMatchObject({ outcome: 'already' })
  })
})

describe.skipIf(!linux)('quarantine (needs Linux)', () => {
  const store = (): string => join(fresh(), 'store')
  const quarantineIn = (path: string, largest = 1_000) =>
    quarantineResponders({ store: path, largestFile: () => largest, largestStore: () => largest, own: [path] })

  it('takes files of hostile names away and gives them back as they were', async () => {
    const names = ['plain', '-rf', 'a b\n"c', '$(reboot)', '日本語', '..data', "it's", 'x'.repeat(255)]
    const at = fresh()
    const q = quarantineIn(store(), 100_000)
    for (const name of names) {
      const path = join(at, name)
      writeFileSync(path, `content of ${name}`, { mode: 0o640 })
      const before = statSync(path)
      const taken = await q.quarantine({ path, sha256: sha256(`content of ${name}`) }, context(name))
      expect(taken).toMatchObject({ outcome: 'done', detail: { path, sha256: sha256(`content of ${name}`) } })
      expect(existsSync(path)).toBe(false)
      // The same command again, as after a kill before its receipt.
      expect(await q.quarantine({ path }, context(name))).toEqual(taken)
      const { item } = taken.undo as { item: string }
      expect(await q.restore({ item })).toMatchObject({ outcome: 'done' })
      const after = statSync(path)
      expect([after.mode, after.uid, Math.round(after.mtimeMs)]).toEqual([before.mode, before.uid, Math.round(before.mtimeMs)])
      expect(readFileSync(path, 'utf8')).toBe(`content of ${name}`)
      expect(await q.restore({ item })).toMatchObject({ outcome: 'already' })
    }
    expect(readdirSync(at).sort()).toEqual([...names].sort())
  })

  it.skipIf(!tools)(
    `gives owner, times, extended attributes, ACL and capabilities back${tools ? '' : ' (needs root, attr and acl)'}`,
    async () => {
      const path = join(fresh(), 'program')
      writeFileSync(path, 'program', { mode: 0o750 })
      chownSync(path, 1234, 4321)
      execFileSync('setfattr', ['-n', 'user.a note', '-v', '0x00ff0a3d', path])
      execFileSync('setfattr', ['-n', 'user.日本', '-v', 'はい', path])
      execFileSync('setfacl', ['-m', 'u:1000:rw,g:2000:x', path])
      // cap_net_raw+ep (linux/capability.h, revision 2): a change of owner would take it away.
      execFileSync('setfattr', ['-n', 'security.capability', '-v', '0x0100000200200000000000000000000000000000', path])
      utimesSync(path, 1_500_000_000.5, 1_400_000_000.25)
      const look = () => {
        const { mode, uid, gid, atimeMs, mtimeMs } = statSync(path)
        const attributes = execFileSync('getfattr', ['-d', '-m', '-', '-e', 'hex', '--absolute-names', path], {
          encoding: 'utf8',
        })
        return { mode, uid, gid, atimeMs, mtimeMs, attributes }
      }
      const before = look()
      expect(before.attributes.split('\n').filter((line) => line.includes('='))).toHaveLength(4)
      const q = quarantineIn(store(), 100_000)
      const { undo, detail } = await q.quarantine({ path }, context('attributes'))
      expect([existsSync(path), detail['attributesUnread']]).toEqual([false, undefined])
      expect((await q.restore(undo as { item: string })).detail).toEqual({ item: undo!['item'], path, sha256: sha256('program') })
      expect(look()).toEqual(before)
    },
  )

  it('follows no link, takes one name of several, and nothing that is no file, is too large or another one', async () => {
    const at = fresh()
    const own = store()
    const q = quarantineIn(own)
    const path = (name: string): string => join(at, name)
    writeFileSync(path('target'), 'precious')
    symlinkSync(path('target'), path('link'))
    symlinkSync(at, join(at, 'folder-link'))
    writeFileSync(path('large'), 'x'.repeat(1_001))
    execFileSync('mkfifo', [path('pipe')])
    for (const [name, code] of [
      ['link', 'agent_refuses'],
      ['large', 'agent_refuses'],
      ['pipe', 'agent_refuses'],
      ['nothing', 'not_found'],
      ['nowhere/x', 'not_found'],
    ] as const)
      await expect(q.quarantine({ path: path(name) }, context(name)), name).rejects.toMatchObject({ code })
    await expect(q.quarantine({ path: path('target'), sha256: sha256('other') }, context('o'))).rejects.toMatchObject({
      code: 'agent_refuses',
    })
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'mine'), '')
    await expect(q.quarantine({ path: join(own, 'mine') }, context('m'))).rejects.toMatchObject({ code: 'agent_refuses' })
    linkSync(path('target'), path('second'))
    const taken = await q.quarantine({ path: join(at, 'folder-link', 'second') }, context('second'))
    expect(taken.detail).toMatchObject({ path: path('second'), otherNames: 1 })
    expect(readFileSync(path('target'), 'utf8')).toBe('precious')
    expect(lstatSync(path('link')).isSymbolicLink()).toBe(true)
    writeFileSync(path('second'), 'new')
    await expect(q.restore(taken.undo as { item: string })).rejects.toMatchObject({ code: 'agent_refuses' })
    expect(readFileSync(path('second'), 'utf8')).toBe('new')
    expect(readdirSync(at).filter((name) => name.startsWith('.kanpeki'))).toEqual([])
  })

  it('is either where it was or in the store, wherever a kill struck', async () => {
    const at = fresh()
    const own = store()
    const path = join(at, 'evil')
    writeFileSync(path, 'evil')
    const { undo } = await quarantineIn(own).quarantine({ path }, context('k'))
    const info = join(own, `${(undo as { item: string }).item}.json`)
    const item = JSON.parse(readFileSync(info, 'utf8')) as Record<string, unknown>
    // Killed after the name went and before that was noted.
    writeFileSync(info, JSON.stringify({ ...item, taken: false }))
    await quarantineIn(own).resume()
    expect(await quarantineIn(own).restore(undo as { item: string })).toMatchObject({ outcome: 'done' })
    // Killed before the name went: the copy is forgotten.
    const again = await quarantineIn(own).quarantine({ path }, context('l'))
    await quarantineIn(own).restore(again.undo as { item: string })
    const { ino, dev } = statSync(path)
    const left = { ...item, taken: false, ino, dev }
    writeFileSync(info, JSON.stringify(left))
    writeFileSync(info.replace('.json', '.body'), 'evil')
    await quarantineIn(own).resume()
    expect(existsSync(info)).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('evil')
  })
})

describe.skipIf(!linux || !root)('accounts (needs Linux and root)', () => {
  it('locks one and gives it back as it was, and never root', async () => {
    const at = fresh()
    mkdirSync(join(at, 'etc'))
    writeFileSync(join(at, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nmallory:x:1001:1001::/home/mallory:/bin/sh\n')
    writeFileSync(join(at, 'etc/group'), 'root:x:0:\nmallory:x:1001:\n')
    const shadow = 'root:*:20000:0:99999:7:::\nmallory:$y$j9T$x:20000:0:99999:7::21000:\n'
    writeFileSync(join(at, 'etc/shadow'), shadow, { mode: 0o600 })
    const line = (): string => readFileSync(join(at, 'etc/shadow'), 'utf8').split('\n')[1]!
    const account = accountResponders({ root: at, never: ['backup'] })
    const before = line()
    const done = await account.disable({ account: 'mallory' })
    expect(done).toEqual({ outcome: 'done', detail: { account: 'mallory' }, undo: { account: 'mallory', expiry: '21000' } })
    expect(line()).toMatch(/^mallory:!\$y\$j9T\$x:.*:1:$/)
    expect(await account.disable({ account: 'mallory' })).toMatchObject({ outcome: 'already' })
    expect(await account.enable(done.undo as { account: string })).toMatchObject({ outcome: 'done' })
    expect(line()).toBe(before)
    await expect(account.disable({ account: 'root' })).rejects.toMatchObject({ code: 'agent_refuses' })
    await expect(account.disable({ account: 'nobody-here' })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe.skipIf(!linux || !root || spawnSync('nft', ['-v']).status !== 0)('rules of nft (needs it, and root)', () => {
  const addresses = ['192.0.2.7', '2001:db8::7']
  it.each([
    [
      'an isolation',
      isolationRules({
        server: { addresses, port: 7300 },
        allow: ['198.51.100.0/24', '2001:db8:1::/48'],
        resolvers: ['192.0.2.53'],
        seconds: 60,
      }),
    ],
    [
      'one with the server alone',
      isolationRules({ server: { addresses: ['192.0.2.7'], port: 443 }, allow: [], resolvers: [], seconds: 3 }),
    ],
    ['blocks', blockRules(addresses)],
    ['blocks of one family', blockRules(['192.0.2.7'])],
    ['no block', blockRules([])],
  ])('takes %s', (_name, rules) => {
    execFileSync('nft', ['--check', '--file', '-'], { input: rules, stdio: ['pipe', 'pipe', 'pipe'] })
  })
})

describe('parameters', () => {
  it('take nothing that a tool could read as something else', () => {
    const wrong: readonly (readonly [keyof typeof PARAMS, unknown])[] = [
      ['block-address', { address: '1.2.3.4; flush ruleset' }],
      ['block-address', { address: '0.0.0.0/0' }],
      ['isolate', { allow: ['any'] }],
      ['isolate', { deadManSeconds: 0 }],
      ['disable-account', { account: '--help' }],
      ['disable-account', { account: 'a:b' }],
      ['quarantine', { path: 'relative' }],
      ['quarantine', { path: '/a\0b' }],
      ['restore', { item: '../../etc/shadow' }],
      ['kill', { pid: -1 }],
      ['query', { table: 'files' }],
      ['query', { table: 'users', path: '/etc' }],
      ['release', { host: 'another' }],
    ]
    for (const [kind, params] of wrong)
      expect(PARAMS[kind].safeParse(params).success, `${kind} ${JSON.stringify(params)}`).toBe(false)
    console.log(`${wrong.length} refused`)
  })
})

describe.skipIf(!linux)('looking (needs Linux)', () => {
  it('answers what is asked, and no more than is asked for', async () => {
    const at = fresh()
    for (const name of ['one', 'two', 'three']) writeFileSync(join(at, name), name)
    writeFileSync(Buffer.concat([Buffer.from(`${at}/`), Buffer.from([0xff, 0xfe])]), '')
    const query = queryResponder(snapshotOf('/'), () => 1_000)
    const ask = async (params: object) => (await query(PARAMS.query.parse(params))).detail as { rows: object[]; matching: number }
    expect((await ask({ table: 'processes', match: String(process.pid) })).rows).toContainEqual(
      expect.objectContaining({ pid: process.pid, parent: process.ppid }),
    )
    expect(await ask({ table: 'files', path: at, limit: 2 })).toMatchObject({ matching: 4, all: 4 })
    expect((await ask({ table: 'files', path: at, match: 'fffe' })).rows).toHaveLength(1)
    expect((await ask({ table: 'file', path: join(at, 'two') })).rows).toMatchObject([{ size: 3, sha256: sha256('two') }])
    expect((await ask({ table: 'users', match: 'root' })).rows).toContainEqual(expect.objectContaining({ name: 'root', uid: 0 }))
    await expect(ask({ table: 'file', path: join(at, 'none') })).rejects.toMatchObject({ code: 'agent_failed' })
    for (const table of ['sockets', 'packages'] as const) expect((await ask({ table })).rows).toBeInstanceOf(Array)
  })

  it('captures processes, files and events into one archive that tar reads, and says what it could not', async () => {
    const at = fresh()
    writeFileSync(join(at, 'evil\nname'), 'evil')
    writeFileSync(join(at, 'large'), 'x'.repeat(2_000))
    symlinkSync('/etc/passwd', join(at, 'link'))
    const kept = join(folder, 'kept.tar.gz')
    const upload: RespondContext['upload'] = async (file) => {
      writeFileSync(kept, readFileSync(file))
      return { id: 'a', sha256: 'b', bytes: 1 }
    }
    const collect = collectResponder({ snapshot: snapshotOf('/'), largestFile: () => 1_000, largestStore: () => 100_000_000 })
    const params = PARAMS.collect.parse({ paths: [at, '/nowhere'], packetSeconds: 0 })
    const { detail } = await collect(params, context('c', { upload, recent: () => ['{"first":1}', '{"second":2}'] }))
    expect(detail).toMatchObject({ artefact: 'a', count: 5 })
    const why = (detail['problems'] as { what: string; why: string }[]).map((one) => [basename(one.what), one.why])
    expect(why.sort()).toEqual([
      ['large', 'larger than 1000 bytes'],
      ['link', 'ELOOP'],
      ['nowhere', 'ENOENT'],
    ])
    const out = fresh()
    execFileSync('tar', ['-xzf', kept, '-C', out])
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
      entries: { name: string; sha256: string; path?: string }[]
    }
    for (const { name, sha256: said } of manifest.entries) expect(sha256(readFileSync(join(out, name), 'utf8'))).toBe(said)
    expect(manifest.entries.find(({ path }) => path === join(at, 'evil\nname'))).toBeDefined()
    expect(readFileSync(join(out, 'events-before.jsonl'), 'utf8')).toBe('{"first":1}\n{"second":2}\n')
    expect(existsSync(join(folder, 'capture-5f0c7a52-9f5e-4c0e-8a53-0d3c0f4f9a11.tar.gz'))).toBe(false)
  })
})
