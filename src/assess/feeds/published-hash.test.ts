import { createHash } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { publishedFeeds } from './published.ts'
import { checkPublishedHash } from './published-hash.ts'

it('holds NVD to its .meta, which is of the unpacked file, and JVN to its list', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-test-hash-'))
  const [packed, plain] = [join(folder, 'a.json.gz'), join(folder, 'jvndb_2026.rdf')]
  writeFileSync(packed, gzipSync('{"a":1}'))
  writeFileSync(plain, '<rdf/>')
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
  const check = (id: 'nvd' | 'jvn', file: string, text: string, status = 200) => {
    const { url, hash } = publishedFeeds(id, [], 2026).at(-1)!
    return checkPublishedHash(async () => new Response(text, { status }), hash!, url, file)
  }
  expect(publishedFeeds('nvd', [], 2026)[0]!.hash!.url).toBe('https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2024.meta')
  const meta = (hash: string): string =>
    `lastModifiedDate:2026-01-01T03:00:00-05:00\r\nsize:7\r\nsha256:${hash.toUpperCase()}\r\n`
  expect(await check('nvd', packed, meta(sha('{"a":1}')))).toBe(true)
  expect(await check('nvd', packed, '', 404)).toBe(false)
  await expect(check('nvd', packed, meta(sha('other')))).rejects.toThrow('is not what its publisher says')
  await expect(check('nvd', plain, meta(sha('x')))).rejects.toThrow('cannot be read')
  await expect(check('nvd', packed, '', 503)).rejects.toThrow('it answered 503')
  const list = (hash: string): string =>
    `\uFEFF${JSON.stringify([{ url: 'https://jvndb.jvn.jp/ja/rss/years/jvndb_2026.rdf', sha256: hash, lastModified: 'x' }])}`
  expect(await check('jvn', plain, list(sha('<rdf/>')))).toBe(true)
  expect(await check('jvn', plain, '[]')).toBe(false)
  await expect(check('jvn', plain, list(sha('other')))).rejects.toThrow('is not what its publisher says')
})
