import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ComponentsReply } from '../src/assess/inventory/schema.ts'
import { api, createToken, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const folder = temporaryFolder()
const data = join(folder.path, 'data')
let server: Running

const component = (name: string, version: string | null, purl: string | null) => ({ name, version, purl, place: '' })
const log4j = (version: string) => component('log4j-core', version, `pkg:maven/org.apache.logging.log4j/log4j-core@${version}`)

const where = (...args: string[]) => kanpeki(['where', ...args, '--data', data, '--lang', 'en'])

beforeAll(async () => {
  server = await startServer(data)
})
afterAll(async () => {
  await server.stop()
  folder.remove()
})

it('says that nothing found says nothing while no asset has told what it has', async () => {
  const { code, stdout } = await where('log4j')
  expect([code, stdout]).toEqual([2, expect.stringContaining('says nothing')])
})

it('says where log4j-core before 2.17 is, in both languages and as JSON', async () => {
  const admin = await createToken(data, 'admin')
  const take = (asset: string, components: readonly object[]) =>
    api(server.url, admin, '/api/v1/inventories', { asset, source: 'ci', components })
  await take('shop-web-1', [log4j('2.9.1'), component('log4j-core-fork', null, null)])
  await take('shop-web-2', [log4j('2.14.1'), component('left-pad\u001b[31m', '1.3.0', 'pkg:npm/left-pad@1.3.0')])
  await take('till', [log4j('2.17.1')])

  const found = await where('log4j-core', '--range', '<2.17')
  expect(found).toMatchObject({ code: 0, stderr: '' })
  expect(found.stdout.split('\n')).toEqual([
    'shop-web-1  log4j-core  2.9.1   ci',
    'shop-web-2  log4j-core  2.14.1  ci',
    '',
    '2 components on 2 assets',
    '1 so named has no version that the range could be asked of; without --range they are listed.',
    '',
  ])
  expect((await where('log4j-core', '--range', 'vers:maven/<2.17.0', '--fail-on', 'any')).code).toBe(1)
  const none = await where('log4j-core', '--range', '>3', '--fail-on', 'any')
  expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('Nowhere: 5 components of 3 assets were looked at.')])
  expect((await where('log4j-core', '--limit', '1')).stdout).toContain('These are the first 1')

  const json = JSON.parse((await where('LOG4J', '--json')).stdout) as ComponentsReply
  expect(json).toMatchObject({ total: 4, assets: 3, unjudged: 0, known: { assets: 3, components: 5 } })

  // By address with a token that may only read, in Japanese; what a list says moves no cursor.
  const read = await createToken(data, 'read')
  const far = await kanpeki(['where', 'left-pad', '--url', server.url, '--token', read, '--lang', 'ja'])
  expect(far).toMatchObject({ code: 0, stderr: '' })
  expect(far.stdout).toContain('資産1台に1件')
  expect(far.stdout).not.toContain('\u001b')
})

it('tells wrong usage, a range that is none and an absent server by their codes', async () => {
  expect((await where()).code).toBe(64)
  expect((await where('x')).code).toBe(64)
  expect((await where('log4j', '--fail-on', 'high')).code).toBe(64)
  const bad = await where('log4j', '--range', 'vers:cobol/<2')
  expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('cobol')])
  const gone = await kanpeki(['where', 'log4j', '--data', join(folder.path, 'nothing')])
  expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining('No server runs')])
})

it('never calls it nowhere when more are so named than it looks at', async () => {
  const admin = await createToken(data, 'admin')
  const components = Array.from({ length: 5_001 }, (_, n) => component(`part-${String(n).padStart(4, '0')}`, '1.0', null))
  await api(server.url, admin, '/api/v1/inventories', { asset: 'many', source: 'ci', components })
  const cut = await where('part-', '--fail-on', 'any')
  expect([cut.code, cut.stdout]).toEqual([
    1,
    expect.stringContaining('5000 components on 1 asset\nMore are so named than were looked at'),
  ])
  const none = await where('part-', '--range', 'vers:npm/>2')
  expect([none.code, none.stdout]).toEqual([2, expect.stringContaining('More are so named')])
  expect(none.stdout).not.toContain('Nowhere')
  expect(await where('part-5000')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 component on 1 asset') })
})
