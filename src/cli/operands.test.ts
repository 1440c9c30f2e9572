import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { commands } from './commands.ts'
import { EXIT } from './options.ts'

const data = join(mkdtempSync(join(tmpdir(), 'kanpeki-operands-')), 'data')
afterAll(() => rmSync(data, { recursive: true, force: true }))
afterEach(() => vi.restoreAllMocks())

async function run(line: string): Promise<{ readonly code: number; readonly err: string }> {
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const told = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const [name = '', ...args] = line.split(' ')
  const command = await commands[name]!.load()
  const code = await command([...args, '--data', data])
  return { code, err: told.mock.calls.map(([text]) => String(text)).join('') }
}

it.each([
  'token list x',
  'token create --scope read x',
  'token revoke a x',
  'token rotate a x',
  'enrol-token revoke a x',
  'enrol-token list x',
  'people end alice x',
  'people invite alice x',
  'people list x',
  'agents revoke a x',
  'agents list x',
  'content remove sigmahq x',
  'content list x',
  'feeds update x',
  'feeds status x',
  'alerts list x',
  'incidents list x',
  'ioc list x',
  'declare schema x',
  'declare diff a b x',
  'declare show a x',
  'declare status a x',
  'declare replay a x',
  'artefacts list x',
  'artefacts get a x',
  'playbooks list x',
  'playbooks release x',
])('%s: a word too many is wrong usage', async (line) => {
  const { code, err } = await run(line)
  expect(code).toBe(EXIT.usage)
  expect(err).toContain("'x' is one word too many.")
})

it.each(['token list', 'token revoke a', 'token rotate a', 'enrol-token list', 'enrol-token revoke a'])(
  '%s: asked of another server, does nothing to a folder of this host',
  async (line) => {
    const { code, err } = await run(`${line} --url http://127.0.0.1:9`)
    expect(code).toBe(EXIT.usage)
    expect(err).toContain('not with --url')
  },
)

it.each(['toString', 'constructor'])('artefacts %s: there is no such thing to do', async (word) => {
  expect((await run(`artefacts ${word}`)).code).toBe(EXIT.usage)
})

it.each([
  [
    'token list --nosuch',
    `Unknown option '--nosuch'. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in -- "--nosuch". `,
  ],
  ['token list --name --x', "To specify an option argument starting with a dash use '--name=-XYZ'. "],
  ['doctor x', "Unexpected argument 'x'. This command does not take positional arguments. "],
  ['doctor --json=1', "Option '--json' does not take an argument. "],
])('%s: says in whole sentences what is wrong', async (line, said) => {
  const { code, err } = await run(line)
  expect(code).toBe(EXIT.usage)
  expect(err.split('\n')[0]).toContain(said)
})
