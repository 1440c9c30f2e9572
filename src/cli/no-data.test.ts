import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../test/support/kanpeki.ts'
import { commands } from './commands.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** A slip in `--data`, or a job in the wrong folder, must not read as "no alerts". */
it.each([
  'alerts list',
  'alerts list --json',
  'search x --count',
  'token list',
  'token revoke x',
  'people list',
  'agents list',
  'enrol-token list',
  'ioc list',
])('%s: a folder that was never used is an error, and is not made', async (line) => {
  const data = join(folder.path, 'slip')
  const said: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text))
    return true
  })
  try {
    const [name = '', ...args] = line.split(' ')
    const run = await commands[name]!.load()
    expect(await run([...args, '--data', data])).toBe(1)
  } finally {
    out.mockRestore()
    err.mockRestore()
  }
  expect(said.join('')).toContain(`There is no data of Kanpeki in ${data}.`)
  expect(existsSync(data)).toBe(false)
})
