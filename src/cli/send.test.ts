import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { sendFile } from './send-file.ts'
import { openSentOffsets } from './sent-offsets.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-send-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function serving(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const FILE = join(folder, 'a.jsonl')
writeFileSync(FILE, '{"n":1}\n{"n":2}\n')

it('refuses what can be read only once, and says so before it takes anything of it', () => {
  const line = '"$0" --disable-warning=ExperimentalWarning "$@" <(echo "{}") --to http://127.0.0.1:9 --token any'
  const { status, stderr } = spawnSync('bash', ['-c', line, process.execPath, main, 'send'], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect(status).toBe(1)
  expect(stderr).toContain('no file that can be read again')
})

it('remembers what two sends at once have sent', async () => {
  const state = join(folder, 'sent.json')
  const names = ['a', 'b', 'c', 'd']
  const sends = await Promise.all(names.map(() => openSentOffsets(state, 'http://one', false)))
  for (const records of [1, 2, 3])
    await Promise.all(
      names.map((name, at) => {
        const instead = records === 1 ? undefined : `${name}${records - 1}`
        return sends[at]!.put({ first: name, records, digest: `${name}${records}`, previous: `${name}${records - 1}` }, instead)
      }),
    )
  const after = await openSentOffsets(state, 'http://one', false)
  for (const name of names) expect([...after.ends(name).keys()]).toEqual([`${name}2`, `${name}3`])
  const again = await openSentOffsets(state, 'http://one', true)
  await again.put({ first: 'a', records: 1, digest: 'a1', previous: '' }, undefined)
  const anew = await openSentOffsets(state, 'http://one', false)
  expect([[...anew.ends('a').keys()], [...anew.ends('b').keys()]]).toEqual([['', 'a1'], []])
  expect(readdirSync(folder).filter((name) => name.startsWith('sent'))).toEqual(['sent.json'])
})

it('gives a server up that takes a connection and stays silent', async () => {
  const silent = createServer(() => {})
  const url = await serving(silent)
  const offsets = await openSentOffsets(join(folder, 'silent.json'), url, false)
  const target = { server: { url }, token: 'any', source: 'files', signal: new AbortController().signal, offsets, patience: 300 }
  await expect(sendFile(FILE, target, () => {})).rejects.toMatchObject({ code: 'unreachable' })
  silent.closeAllConnections()
  silent.close()
})

it('stops at once where the server is away', async () => {
  let asked = 0
  const busy = createServer((_, response) => {
    asked += 1
    response.writeHead(503).end()
  })
  const url = await serving(busy)
  const args = ['send', FILE, '--to', url, '--token', 'any', '--state', join(folder, 'busy.json')]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args])
  let told = ''
  child.stderr.on('data', (part) => {
    told += String(part)
  })
  while (asked < 4) await new Promise((done) => setTimeout(done, 50))
  const since = performance.now()
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  busy.close()
  expect([code, told.includes('Give the same command again to go on.')]).toEqual([130, true])
  expect(performance.now() - since).toBeLessThan(1900)
})
