import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { api, createToken, ROOT, startServer, temporaryFolder } from './support/kanpeki.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

const unit = readFileSync(join(ROOT, 'deploy/kanpeki.service'), 'utf8')
const values = (key: string): string[] =>
  unit
    .split('\n')
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1))

const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
const analyze = has('systemd-analyze')
if (!analyze && process.env['CI'] === 'true') throw new Error('systemd is not installed, and CI=true asks for it')

const root = process.getuid?.() === 0
/** As the unit runs it: a user without rights or capabilities, and without a way to any. */
const drop = [
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  '--no-new-privs',
  '--bounding-set=-all',
  '--inh-caps=-all',
]

/** A folder that this user may write. */
function ownFolder(name: string): string {
  const path = join(folder.path, name)
  mkdirSync(path, { recursive: true })
  if (root) for (const one of [folder.path, path]) chownSync(one, 65_534, 65_534)
  return path
}

/** 0 is no exposure, 10 all. What is left over 1 is the network, executable memory and the host's root folder. */
const MOST_EXPOSURE = 1.5

it('starts a command that there is', () => {
  const [start] = values('ExecStart')
  const [program, command, ...args] = start!.split(' ')
  expect(program).toBe('/opt/kanpeki/kanpeki')
  expect(Object.keys(commands)).toContain(command)
  expect(args).toEqual(['--data', '%S/kanpeki', '--log', 'json'])
})

describe.skipIf(!analyze)('the unit (needs the package systemd)', () => {
  const here = join(folder.path, 'kanpeki.service')
  const text = unit.replaceAll('/opt/kanpeki/kanpeki', join(ROOT, 'kanpeki'))

  it('is one that systemd takes without a word', () => {
    writeFileSync(here, text)
    const ran = spawnSync('systemd-analyze', ['verify', here], { encoding: 'utf8' })
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '', ''])
  })

  it(`leaves an exposure of at most ${MOST_EXPOSURE}`, () => {
    writeFileSync(here, text)
    const args = ['security', '--offline=true', '--no-pager', `--threshold=${MOST_EXPOSURE * 10}`, here]
    const ran = spawnSync('systemd-analyze', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
    const level = /exposure level for kanpeki\.service: ([\d.]+)/.exec(ran.stdout)?.[1]
    expect([ran.status, Number(level) <= MOST_EXPOSURE]).toEqual([0, true])
    console.log(`exposure ${level}`)
  })

  it.skipIf(!has('strace'))(
    'allows every system call that the server and its lake make (needs strace)',
    async () => {
      const counted = join(folder.path, 'calls')
      const data = join(folder.path, 'traced')
      const server = await startServer(data, [], ['strace', '-f', '--summary-only', '-o', counted])
      const token = await createToken(data, 'admin')
      await api(server.url, token, '/api/v1/demo/attack', {})
      await api(server.url, token, '/api/v1/events/count', { query: '*' })
      expect(await server.stop()).toBe(0)
      const used = readFileSync(counted, 'utf8')
        .split('\n')
        .map((line) => /^\s*[\d.]+\s+[\d.]+\s+\d+\s+\d+\s+(?:\d+\s+)?([a-z_0-9]+)$/.exec(line)?.[1])
        .filter((name) => name !== undefined && name !== 'total')
      expect(used.length).toBeGreaterThan(40)
      const allowed = allowedCalls()
      expect(used.filter((name) => !allowed.has(name!))).toEqual([])
      console.log(`${used.length} system calls used, ${allowed.size} allowed`)
    },
    120_000,
  )
})

/** As systemd reads SystemCallFilter=: the first line's kind is the default, a group stands for its calls. */
function allowedCalls(): ReadonlySet<string> {
  const allowed = new Set<string>()
  for (const line of values('SystemCallFilter')) {
    const deny = line.startsWith('~')
    for (const word of line.replace('~', '').split(' '))
      for (const call of word.startsWith('@') ? callsOf(word) : [word]) deny ? allowed.delete(call) : allowed.add(call)
  }
  return allowed
}

function callsOf(group: string): readonly string[] {
  const lines = execFileSync('systemd-analyze', ['syscall-filter', '--no-pager', group], { encoding: 'utf8' }).split('\n')
  const members = lines.map((line) => line.trim()).filter((line) => line !== '' && line !== group && !line.startsWith('#'))
  return members.flatMap((member) => (member.startsWith('@') ? callsOf(member) : [member]))
}

it.skipIf(!root || !existsSync('/usr/bin/setpriv'))(
  'runs as a user without rights, without capabilities and without a way to any (needs root to become one)',
  async () => {
    const data = join(ownFolder('nobody'), 'data')
    const server = await startServer(data, [], drop)
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
    expect(/^CapEff:\t(\w+)$/m.exec(status)?.[1]).toMatch(/^0+$/)
    expect(/^NoNewPrivs:\t(\d)$/m.exec(status)?.[1]).toBe('1')
    expect(Number(/^Threads:\t(\d+)$/m.exec(status)?.[1])).toBeLessThan(Number(values('TasksMax')[0]) / 2)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect(statSync(join(data, 'state.db')).uid).toBe(65_534)
    expect(await server.stop()).toBe(0)
  },
  60_000,
)

it('has a Dockerfile that ends as a user without rights and takes only what there is', () => {
  const text = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n')
  const instruction = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  expect(text).toContain('Nobody has run this file yet')
  expect(instruction('USER')).toEqual(['10001:10001'])
  expect(instruction('ADD')).toEqual([])
  for (const from of instruction('FROM')) expect(from).toMatch(/^node:24-/)
  for (const copy of instruction('COPY')) {
    const sources = copy
      .split(' ')
      .filter((word) => !word.startsWith('--'))
      .slice(0, -1)
    for (const source of sources)
      expect([source, existsSync(join(ROOT, source.replace('/opt/kanpeki/', '')))]).toEqual([source, true])
  }
  const entry = JSON.parse(instruction('ENTRYPOINT')[0]!) as string[]
  expect(entry.at(-1)).toBe('dist/cli/main.js')
  expect(Object.keys(commands)).toContain((JSON.parse(instruction('CMD')[0]!) as string[])[0])
})
