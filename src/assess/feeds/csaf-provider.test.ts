import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { fetchProvider } from './csaf-provider.ts'
import { loadFeeds } from './load.ts'

const document = (id: string, version: string, fixed: string) =>
  JSON.stringify({
    document: {
      category: 'csaf_security_advisory',
      csaf_version: '2.0',
      publisher: { name: 'V', namespace: 'https://v.example' },
      tracking: { id, status: 'final', version, current_release_date: '2026-01-02T00:00:00Z' },
    },
    product_tree: {
      full_product_names: [{ product_id: 'p', name: 'p', product_identification_helper: { purl: `pkg:npm/${id}@${fixed}` } }],
    },
    vulnerabilities: [{ cve: 'CVE-2026-1', product_status: { fixed: ['p'] } }],
  })
const hex = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex')

it('fetches what a provider lists, only what changed, each held to its hash, and keeps the former where it is wrong', async () => {
  const served = new Map<string, string>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    const found = served.get(request.url!)
    response.writeHead(found === undefined ? 404 : 200).end(found)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const folder = mkdtempSync(join(tmpdir(), 'kanpeki-test-provider-'))
    const { fetch } = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })
    const run = async () => {
      asked.length = 0
      const { failures, ...counts } = await fetchProvider(fetch, `${base}/.well-known/csaf/provider-metadata.json`, folder)
      return { ...counts, failed: failures.map(({ message, code }) => `${code} ${message.replaceAll(base, '')}`) }
    }
    const fixes = async () =>
      [...(await loadFeeds([folder])).advisories.packages()].map(({ name, fixed }) => `${name} ${fixed}`).sort()
    const put = (path: string, text: string, algorithm?: string): void => {
      served.set(path, text)
      if (algorithm !== undefined) served.set(`${path}.${algorithm}`, `${hex(algorithm, text)}  x.json\n`)
    }
    put(
      '/.well-known/csaf/provider-metadata.json',
      JSON.stringify({
        distributions: [
          { directory_url: `${base}/.well-known/csaf/white` },
          {
            rolie: {
              feeds: [
                { url: `${base}/rolie.json`, tlp_label: 'WHITE' },
                { url: `${base}/secret.json`, tlp_label: 'AMBER' },
              ],
            },
          },
        ],
      }),
    )
    const white = '/.well-known/csaf/white'
    put(`${white}/index.txt`, '2026/a.json\n2026/b.json\n../../../outside.json\n')
    const changes = (time: string) =>
      put(`${white}/changes.csv`, `"2026/a.json","${time}"\n"2026/b.json","2026-01-01T00:00:00Z"\n`)
    changes('2026-01-01T00:00:00Z')
    const entry = {
      updated: '2026-01-01T00:00:00Z',
      link: [
        { rel: 'self', href: `${base}/rolie/c.json` },
        { rel: 'hash', href: `${base}/hashes/c.json.sha256` },
      ],
    }
    put('/rolie.json', JSON.stringify({ feed: { entry: [entry] } }))
    put(`${white}/2026/a.json`, document('a', '1', '1.0'), 'sha512')
    put(`${white}/2026/b.json`, document('b', '1', '1.0'))
    put('/rolie/c.json', document('c', '1', '1.0'))
    served.set('/hashes/c.json.sha256', hex('sha256', document('c', '1', '1.0')).toUpperCase())
    expect(await run()).toEqual({ fresh: 3, unchanged: 0, unhashed: 1, failed: [] })
    expect(asked.some((url) => url.includes('outside') || url.includes('secret'))).toBe(false)
    expect(await fixes()).toEqual(['a 1.0', 'b 1.0', 'c 1.0'])
    expect(await run()).toEqual({ fresh: 0, unchanged: 3, unhashed: 0, failed: [] })
    expect(asked).toHaveLength(4)

    // Changed, and its hash is of another file: the former stays, and it is asked for again.
    changes('2026-02-01T00:00:00Z')
    served.set(`${white}/2026/a.json`, document('a', '2', '2.0'))
    expect((await run()).failed).toEqual([expect.stringMatching(/^feed_invalid .*a\.json is not what its provider published/)])
    expect(await fixes()).toEqual(['a 1.0', 'b 1.0', 'c 1.0'])
    put(`${white}/2026/a.json`, document('a', '2', '2.0'), 'sha512')
    expect(await run()).toEqual({ fresh: 1, unchanged: 2, unhashed: 0, failed: [] })
    expect(await fixes()).toEqual(['a 2.0', 'b 1.0', 'c 1.0'])

    // An older state, one that is no CSAF, one that is gone: each is told, and none takes a former's place.
    changes('2026-03-01T00:00:00Z')
    put(`${white}/2026/a.json`, document('a', '1', '1.0'), 'sha512')
    expect((await run()).failed).toEqual([expect.stringContaining('is an older state')])
    put(`${white}/2026/a.json`, '{"document":{}}', 'sha512')
    expect((await run()).failed).toEqual([expect.stringMatching(/^vex_invalid/)])
    served.delete(`${white}/2026/a.json`)
    expect((await run()).failed).toEqual([expect.stringContaining('it answered 404')])
    expect(await fixes()).toEqual(['a 2.0', 'b 1.0', 'c 1.0'])
    const left = await readdir(folder, { recursive: true })
    expect(left.filter((name) => name.includes('.part'))).toEqual([])
    expect(await readFile(join(folder, left.find((name) => name.endsWith('a.json'))!), 'utf8')).toBe(document('a', '2', '2.0'))

    served.delete('/.well-known/csaf/provider-metadata.json')
    await expect(run()).rejects.toThrow('is no list of a CSAF provider: there is none')
  } finally {
    server.close()
  }
})
