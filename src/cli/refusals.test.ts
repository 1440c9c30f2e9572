import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { KanpekiError } from '../kernel/error.ts'
import { commands } from './commands.ts'
import { guarded } from './options.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-refusals-'))
const data = join(folder, 'data')
const events = join(folder, 'events.jsonl')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.restoreAllMocks())

async function run(name: string, ...args: readonly string[]) {
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const told = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const command = await commands[name]!.load()
  const code = await command(args)
  const err = told.mock.calls.map(([text]) => String(text)).join('')
  vi.restoreAllMocks()
  return { code, err }
}

beforeAll(async () => {
  writeFileSync(events, '{"a":1}\n')
  expect((await run('token', 'create', '--scope', 'read', '--data', data)).code).toBe(0)
})

it.each(['alerts list', 'agents list', 'enrol-token list', 'ioc list', 'ioc add 9.9.9.9 --list own'])(
  '%s: a scope that was not made is an error, not an empty one',
  async (line) => {
    const { code, err } = await run(...(line.split(' ') as [string]), '--scope', 'typo', '--data', data)
    expect([code, err.split('\n')[0]]).toEqual([1, expect.stringContaining("There is no scope 'typo'.")])
  },
)

it.each([
  ['people', 'invite', ''],
  ['people', 'invite', 'sato', '--email', 'nobody'],
  ['token', 'create', '--scope', 'read', '--name', ' '],
  ['enrol-token', 'create', '--name', ''],
  ['ioc', 'add', '9.9.9.9', '--list', ''],
  ['alerts', 'list', '--lang', 'fr'],
])('%s %s %s %s %s: what the form of the server refuses is refused without it', async (...line) => {
  const [name, ...args] = line.filter((word) => word !== undefined)
  const { code, err } = await run(name!, ...args, '--data', data)
  expect([code, err]).toEqual([64, expect.stringMatching(/^kanpeki: .+\.( Choose en or ja\.)?\n$/)])
})

it('counts no events between an end and a later beginning', async () => {
  const { code, err } = await run('search', '*', '--from', 'now-1h', '--to', 'now-2h', '--count', '--data', data)
  expect([code, err]).toEqual([64, expect.stringContaining('--from must be before --to')])
})

it('says that a list of indicators is longer than what it shows', async () => {
  const file = join(folder, 'indicators.txt')
  writeFileSync(file, Array.from({ length: 501 }, (_, at) => `h${at}.evil-example.org\n`).join(''))
  expect((await run('ioc', 'add', file, '--list', 'long', '--data', data)).code).toBe(0)
  expect((await run('ioc', 'list', '--list', 'long', '--data', data)).err).toContain('These are the first 500')
})

it('ends as shells report Ctrl-C where work was broken off', async () => {
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const broken = async (): Promise<number> => {
    throw new KanpekiError('interrupted', 'The backup was interrupted; nothing was kept.')
  }
  expect(await guarded(broken)).toBe(130)
})

it('says as an error of the command, not of the program, what a file or an answer is not', async () => {
  const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const at = ['--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, '--token', 'any']
  const absent = join(folder, 'absent')
  for (const [code, ...line] of [
    [1, 'playbooks', 'save', absent, ...at],
    [1, 'alerts', 'list', ...at],
    [1, 'verify', events, '--key', folder],
    [2, 'detect', '--pipeline', absent, events],
    [1, 'rules', 'diff', folder, folder, '--pipeline', absent, events],
  ] as const) {
    const [name, ...args] = line
    const said = await run(name, ...args)
    expect([said.code, said.err.startsWith('kanpeki: ')], line.join(' ')).toEqual([code, true])
  }
  server.close()
})
