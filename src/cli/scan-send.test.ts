import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { scanCommand } from './scan.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-scan-send-'))
const taken: { readonly url: string; readonly body: { readonly partial?: boolean; readonly components?: readonly unknown[] } }[] =
  []
const server = createServer(async (request, response) => {
  taken.push({ url: request.url ?? '', body: JSON.parse(await text(request)) })
  response.end(JSON.stringify({ assets: [], open: 0, found: 0, regressed: 0, gone: 0 }))
})
let to: string[] = []

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  to = ['--send', '--asset', 'shop', '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, '--token', 'any']
})
beforeEach(() => {
  taken.length = 0
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

async function run(...args: string[]) {
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const told = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const code = await scanCommand(args)
  const err = told.mock.calls.map(([line]) => String(line)).join('')
  vi.restoreAllMocks()
  return { code, err }
}

it('sends no list of what is installed that lacks what could not be read', async () => {
  const bom = join(folder, 'bom.json')
  const component = { type: 'library', name: 'lodash', version: '4.17.20', purl: 'pkg:npm/lodash@4.17.20' }
  writeFileSync(bom, JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', components: [component] }))
  await run('sbom', ...to, '--data', folder, bom)
  expect(taken).toMatchObject([{ url: '/api/v1/inventories', body: { components: [{ name: 'lodash' }] } }])
  const { code, err } = await run('sbom', ...to, '--data', folder, bom, join(folder, 'absent.json'))
  expect([code, taken.length]).toEqual([2, 1])
  expect(err).toContain('nothing was sent')
})

it('sends secrets as a partial look where something could not be looked at', async () => {
  const place = join(folder, 'code')
  mkdirSync(join(place, 'keys'), { recursive: true })
  writeFileSync(join(place, 'keys', 'a.txt'), 'nothing\n')
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
  ])
    execFileSync('git', args, { cwd: place })
  await run('secrets', ...to, place)
  // What git tracks below a folder that is a file by now cannot be looked at.
  rmSync(join(place, 'keys'), { recursive: true })
  writeFileSync(join(place, 'keys'), 'nothing\n')
  expect((await run('secrets', ...to, place)).code).toBe(2)
  expect(taken.map(({ body }) => body.partial)).toEqual([false, true])
})
