import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { createAudited } from '../integrity/audited.ts'
import { auditCollector } from './audit.ts'

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

/** As auditd 3.0.9 wrote it: tee, chmod, mv, setfattr, rm, ln and touch below a watched folder. */
const RECORDED = readFileSync(fileURLToPath(new URL('recorded/audit.log', import.meta.url)), 'utf8')
const AT = 1_795_374_303_000

it('follows the audit log over its rotation and a restart, joins records, and remembers who did what to a file', async () => {
  const home = mkdtempSync(join(tmpdir(), 'kanpeki-audit-'))
  made.push(home)
  const log = join(home, 'audit.log')
  writeFileSync(log, 'type=DAEMON_START msg=audit(1795374200.000:1): op=start res=success\n')
  const events: JsonObject[] = []
  const counts = new Map<string, number>()
  const audited = createAudited(() => AT)
  const start = () => {
    const end = new AbortController()
    const running = auditCollector({ log, socket: '/nothing', proc: join(home, 'proc'), host: 'host', audited }).run({
      emit: (event) => {
        events.push(event)
        return true
      },
      room: async () => {},
      count: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
      signal: end.signal,
      folder: home,
      warn: () => {},
    })
    return async () => {
      end.abort()
      await running
    }
  }
  const until = async (holds: () => boolean): Promise<void> => {
    for (let turn = 0; !holds(); turn++) {
      if (turn > 500) throw new Error(`not so: ${JSON.stringify(events.map(({ event }) => event))}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const has = (action: string) => events.some(({ event }) => (event as { action: string }).action === action)

  let end = start()
  await until(() => audited.find('/', 0, 0, 'made') === undefined && events.length === 0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const half = RECORDED.indexOf('type=PATH', RECORDED.indexOf(':66)')) + 30
  appendFileSync(log, RECORDED.slice(0, half))
  await until(() => has('changed-file-permissions-of'))
  await end()
  // Rotated in the middle of a line while nobody read.
  appendFileSync(log, RECORDED.slice(half, RECORDED.indexOf('\n', half) + 1))
  renameSync(log, `${log}.1`)
  writeFileSync(log, RECORDED.slice(RECORDED.indexOf('\n', half) + 1))
  end = start()
  await until(() => events.filter(({ event }) => (event as { action: string }).action === 'created-file').length === 2)
  await end()

  const actions = events.map(({ event }) => (event as { action: string }).action)
  const renamed = 'renamed'
  expect(actions.filter((action) => action !== renamed).toSorted()).toEqual(
    ['acquired-credentials', 'executed', 'opened-file', 'changed-file-permissions-of', 'changed-file-attributes-of', 'deleted']
      .concat(['created-file', 'created-file'])
      .toSorted(),
  )
  expect(actions.filter((action) => action === renamed)).toHaveLength(1)
  expect(counts).toEqual(new Map())
  expect(events.find(({ event }) => (event as { action: string }).action === 'executed')).toMatchObject({
    process: { name: 'tee', args: ['tee', '-a', '/srv/fm/tree/a'], parent: { pid: 26090 }, executable: '/usr/bin/tee' },
    user: { name: 'root' },
  })
  const who = (path: string, did: 'made' | 'unmade' | 'changed') =>
    audited.find(`/srv/fm/tree/${path}`, 0, AT, did)?.process?.['name']
  expect([
    who('a', 'changed'),
    who('a', 'unmade'),
    who('b', 'changed'),
    who('c', 'unmade'),
    who('d', 'made'),
    who('e', 'made'),
    who('new', 'made'),
    who('b', 'unmade'),
  ]).toEqual(['tee', 'rm', 'setfattr', 'mv', 'mv', 'ln', 'touch', undefined])
  // The process that wrote was seen to start, so that its command line is known.
  expect(audited.find('/srv/fm/tree/a', 0, AT, 'changed')?.process).toMatchObject({
    pid: 27165,
    command_line: 'tee -a /srv/fm/tree/a',
  })
})

it('says that there is nothing to read', async () => {
  const home = mkdtempSync(join(tmpdir(), 'kanpeki-audit-'))
  made.push(home)
  const counts: string[] = []
  const end = new AbortController()
  const nothing = join(home, 'nothing')
  const running = auditCollector({ log: nothing, socket: nothing, proc: '/proc', host: 'h', audited: createAudited() }).run({
    emit: () => true,
    room: async () => {},
    count: (name) => {
      counts.push(name)
      end.abort()
    },
    signal: end.signal,
    folder: home,
    warn: () => {},
  })
  await running
  expect(counts).toEqual(['audit.absent'])
})
