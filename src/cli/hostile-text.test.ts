import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { artefactsCommand } from './artefacts.ts'
import { detectCommand } from './detect.ts'
import { tokenCommand } from './token.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-hostile-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const ESC = '\u001b'

async function run(command: (args: readonly string[]) => Promise<number>, ...args: string[]) {
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const code = await command(args)
  const text = [...out.mock.calls, ...err.mock.calls].map(([part]) => String(part)).join('')
  vi.restoreAllMocks()
  return { code, text }
}

it('shows what a log, a name or an argument holds without letting the terminal obey it', async () => {
  const log = join(folder, 'log.json')
  writeFileSync(log, `{"a": ${ESC}[2J }\n`)
  const read = await run(detectCommand, log)
  expect(read.text).toContain('not valid JSON')
  expect(read.text).not.toContain(ESC)

  const data = join(folder, 'data')
  await run(tokenCommand, 'create', '--scope', 'read', '--name', `me${ESC}[2J`, '--data', data)
  const listed = await run(tokenCommand, 'list', '--data', data)
  expect(listed.text).toContain('me·[2J')
  const wrong = await run(tokenCommand, 'revoke', `${ESC}[2J`, '--data', data)
  expect([wrong.code, wrong.text.includes(ESC), wrong.text.includes('There is no token ·[2J.')]).toEqual([1, false, true])
})

it('keeps what stands at the place of a download that breaks off, and nothing of the download', async () => {
  const whole = Buffer.from('evidence')
  let breaks = true
  const server = createServer((request, response) => {
    if (!request.url?.endsWith('/content'))
      return response.end(JSON.stringify({ sha256: createHash('sha256').update(whole).digest('hex') }))
    response.writeHead(200, { 'content-length': whole.length })
    if (!breaks) return response.end(whole)
    response.write('evid')
    return setTimeout(() => response.destroy(), 50)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const place = join(folder, 'out')
  writeFileSync(place, 'before')
  const get = () => run(artefactsCommand, 'get', 'any', '-o', place, '--url', url, '--token', 'any')
  const broken = await get()
  expect([broken.code, readFileSync(place, 'utf8')]).toEqual([1, 'before'])
  expect(broken.text).toContain('It broke off')
  breaks = false
  expect([(await get()).code, readFileSync(place, 'utf8')]).toEqual([0, 'evidence'])
  expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual(['out'])
  server.close()
})
