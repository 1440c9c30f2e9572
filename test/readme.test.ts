import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { createToken, kanpeki, ROOT, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const texts = ['README.md', 'README.ja.md'].map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }))
const folder = temporaryFolder()
const data = join(folder.path, 'data')
let server: Running

beforeAll(async () => {
  server = await startServer(data)
})
afterAll(async () => {
  await server.stop()
  folder.remove()
})

it.each(texts)('$name names only commands and files that exist', ({ text }) => {
  const named = [...text.matchAll(/\.\/kanpeki ([a-z]+)/g)].map((match) => match[1]!)
  expect(named.length).toBeGreaterThan(1)
  for (const name of named) expect(Object.keys(commands)).toContain(name)
  for (const [, path] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) expect(existsSync(join(ROOT, path!)), path).toBe(true)
})

it.each(texts)('the first event of $name arrives as it says', async ({ text }) => {
  const body = /--data-binary \$'([^']+)'/.exec(text)?.[1]?.replaceAll('\\n', '\n')
  expect(body).toBeDefined()
  const token = await createToken(data, 'ingest')
  const reply = await fetch(`${server.url}/_bulk`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: body!,
  })
  expect([reply.status, ((await reply.json()) as { errors: boolean }).errors]).toEqual([200, false])
  const read = await createToken(data, 'read')
  const found = await kanpeki(['search', 'host.name:web-01', '--count', '--url', server.url, '--token', read])
  expect(Number(found.stdout)).toBeGreaterThan(0)
})

it('every command tells how it is used', async () => {
  for (const [name, { load }] of Object.entries(commands)) {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const code = await (await load())(['--help'])
    const said = write.mock.calls.map(([text]) => String(text)).join('')
    write.mockRestore()
    expect([name, code]).toEqual([name, 0])
    expect(said, name).toMatch(/Usage: kanpeki/)
  }
})
