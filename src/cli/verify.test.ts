import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLedger } from '../prove/ledger.ts'
import { entriesFrom, entryOf } from '../prove/testing/entries-data.ts'
import { temporaryFolder } from '../prove/testing/temporary-folder.ts'
import { exportCommand } from './export.ts'
import { verifyCommand } from './verify.ts'

let out = ''
let err = ''
beforeEach(() => {
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

async function directory() {
  const data = temporaryFolder()
  vi.stubEnv('XDG_CONFIG_HOME', join(data, 'config'))
  vi.stubEnv('LC_ALL', 'C')
  const ledger = await openLedger({ data, origin: 'example.com/soc' })
  await ledger.append([entryOf(1, { alert: 'a-1', change: 'raised' }, 'alert'), ...entriesFrom(2, 4)])
  return { data, ledger, key: ledger.key.text }
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
}

const json = () => JSON.parse(out) as Record<string, unknown>

test('with the key a data directory is proved: exit 0', async () => {
  const { data, key } = await directory()
  expect(await verifyCommand([data, '--key', key])).toBe(0)
  expect(out).toContain('PROVED. Signed by example.com/soc, with the key given.')
  expect(out).toContain('5 entries')
})

test('without a key it is consistent, signer unverified: exit 1', async () => {
  const { data, key } = await directory()
  expect(await verifyCommand([data])).toBe(1)
  expect(out).toContain('consistent, signer unverified')
  expect(out).toContain(`--key '${key}'`)
  out = ''
  expect(await verifyCommand([data, '--json'])).toBe(1)
  expect(json()).toMatchObject({ ok: false, signer: null, size: 5, failures: [], verdict: 'consistent', claims: key })
})

test('a key is remembered only when asked, and only for its own log', async () => {
  const { data, key } = await directory()
  expect(await verifyCommand([data, '--key', key])).toBe(0)
  expect(await verifyCommand([data])).toBe(1)
  expect(await verifyCommand([data, '--key', key, '--remember'])).toBe(0)
  expect(readFileSync(join(data, 'config/kanpeki/trusted-keys'), 'utf8')).toBe(`${key}\n`)
  out = ''
  expect(await verifyCommand([data, '--json'])).toBe(0)
  expect(json()).toMatchObject({ ok: true, signer: 'example.com/soc', size: 5, failures: [] })
  const other = temporaryFolder()
  await openLedger({ data: other, origin: 'example.com/other' })
  expect(await verifyCommand([other])).toBe(1)
  // Someone else's key under a trusted name is a failure, not merely unverified.
  const impostor = temporaryFolder()
  await openLedger({ data: impostor, origin: 'example.com/soc' })
  out = ''
  expect(await verifyCommand([impostor, '--json'])).toBe(1)
  expect(json()).toMatchObject({ ok: false, verdict: 'failed' })
})

test('a changed tile is named, with the contract’s words', async () => {
  const { data, key } = await directory()
  flip(join(data, 'ledger/tile/0/000.p/5'))
  expect(await verifyCommand([data, '--key', key, '--json'])).toBe(1)
  expect(json()).toMatchObject({
    ok: false,
    size: 5,
    failures: [{ path: 'ledger/tile/0/000.p/5', leaf: 2, reason: 'hash 2 of the tile is not that of entry 2' }],
  })
  out = ''
  expect(await verifyCommand([data, '--key', key])).toBe(1)
  expect(out).toContain('✗ ledger/tile/0/000.p/5 entry 2: Tile was changed')
  expect(out).toContain('NOT PROVED: 1 failure.')
  vi.stubEnv('LC_ALL', 'ja_JP.UTF-8')
  out = ''
  expect(await verifyCommand([data, '--key', key])).toBe(1)
  expect(out).toContain('タイルが変更されています')
  expect(out).toContain('証明できません：失敗1件。')
})

test('the ledger folder alone verifies too, and a key may come in a file', async () => {
  const { data } = await directory()
  expect(await verifyCommand([join(data, 'ledger'), '--key', join(data, 'ledger/key'), '--json'])).toBe(0)
  expect(json()).toMatchObject({
    ok: true,
    notes: ['Sealed segments were not compared: this is a log without its data directory.'],
  })
})

test('an earlier checkpoint must be part of the log', async () => {
  const { data, ledger, key } = await directory()
  const earlier = join(data, 'earlier')
  writeFileSync(earlier, readFileSync(join(data, 'ledger/checkpoint')))
  await ledger.append(entriesFrom(6, 300))
  expect(await verifyCommand([data, '--key', key, '--since', earlier, '--json'])).toBe(0)
  expect(json()).toMatchObject({ checked: { checkpoints: 1 } })
  const later = join(data, 'later')
  writeFileSync(later, readFileSync(join(data, 'ledger/checkpoint')))
  writeFileSync(join(data, 'ledger/checkpoint'), readFileSync(earlier))
  out = ''
  expect(await verifyCommand([data, '--key', key, '--since', later, '--json'])).toBe(1)
  expect(json()).toMatchObject({ failures: [{ path: later, code: 'rolled_back' }] })
})

test('a bundle is exported from the files and verified by itself', async () => {
  const { data, key } = await directory()
  const bundle = join(data, 'alert.kanpeki.json')
  expect(await exportCommand(['--alert', 'a-1', '--data', data, '-o', bundle])).toBe(0)
  expect(err).toContain('entries 1, events 0; log example.com/soc, size 5')
  expect(await verifyCommand([bundle, '--key', key, '--json'])).toBe(0)
  expect(json()).toMatchObject({ ok: true, kind: 'bundle', signer: 'example.com/soc', size: 5 })
  out = ''
  flip(bundle)
  expect(await verifyCommand([bundle, '--key', key, '--json'])).toBe(1)
  const { failures } = json() as { failures: { path: string }[] }
  expect(failures.length).toBeGreaterThan(0)
  for (const failure of failures) expect(failure.path.startsWith(bundle)).toBe(true)
})

test('a span and an entry export, to standard output too', async () => {
  const { data, key } = await directory()
  const span = join(data, 'span.json')
  expect(
    await exportCommand(['--from', '2026-03-01T09:00:03Z', '--to', '2026-03-01T09:00:05Z', '--data', data, '-o', span]),
  ).toBe(0)
  expect(await verifyCommand([span, '--key', key, '--json'])).toBe(0)
  expect(json()).toMatchObject({ checked: { entries: 2 } })
  out = ''
  expect(await exportCommand(['--index', '4', '--data', data, '-o', '-'])).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ format: 'kanpeki-bundle', about: { index: 4 }, entries: [{ index: 4 }] })
})

test('nothing that would not prove is exported', async () => {
  const { data } = await directory()
  flip(join(data, 'ledger/tile/0/000.p/5'))
  expect(await exportCommand(['--index', '0', '--data', data, '-o', join(data, 'x')])).toBe(1)
  expect(err).toContain('would not prove')
})

test.each([
  [['--nonsense'], 64],
  [[], 64],
  [['a', 'b'], 64],
  [['x', '--key', 'not a key'], 64],
  [['x', '--since', '/nowhere'], 64],
  [['/nowhere/at/all'], 1],
] as const)('verify %j exits %i', async (args, code) => {
  expect(await verifyCommand(args)).toBe(code)
})

test('a path that holds nothing of ours is said so', async () => {
  const empty = join(temporaryFolder(), 'empty')
  mkdirSync(empty)
  expect(await verifyCommand([empty, '--json'])).toBe(1)
  expect(json()).toMatchObject({ ok: false, size: 0, failures: [{ path: 'ledger/checkpoint', leaf: null, code: 'missing' }] })
})

test.each([
  [[], 64],
  [['--alert', 'a', '--card', 'b'], 64],
  [['--from', '2026-01-01T00:00:00Z'], 64],
  [['--from', 'soon', '--to', 'later'], 64],
  [['--index', '-1'], 64],
  [['--alert', 'a', '--url', 'http://127.0.0.1:1'], 64],
  [['--alert', 'a', '--url', 'http://127.0.0.1:1', '--token', 't'], 1],
  [['--alert', 'a', '--data', '/nowhere'], 1],
] as const)('export %j exits %i', async (args, code) => {
  vi.stubEnv('KANPEKI_TOKEN', undefined)
  expect(await exportCommand(args)).toBe(code)
})
