import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KanpekiError } from '../kernel/error.ts'
import { openLedger } from './ledger.ts'
import { inclusionProof } from './proofs.ts'
import { readFolder } from './read-folder.ts'
import { entriesFrom, entryOf } from './testing/entries-data.ts'
import { memoryFiles, memoryFolder } from './testing/memory-files.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { textOf } from './verify/bytes.ts'
import { verifyDirectory } from './verify/directory.ts'
import { parseEntry } from './verify/entry.ts'
import { leafHash, rootOf, verifyInclusion } from './verify/merkle.ts'
import { tilePath, tilesOf } from './verify/tiles.ts'

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return (error as KanpekiError).code
  }
}

describe('a new log', () => {
  test('is empty and signed before anything is logged', async () => {
    const data = temporaryFolder()
    const ledger = await openLedger({ data })
    expect(ledger.head).toMatchObject({ size: 0, outbox: 0, logged: null })
    expect(ledger.key.name).toMatch(/^kanpeki\.local\/[0-9a-f]{8}$/)
    const report = await verifyDirectory(readFolder(data), { trusted: [ledger.key] })
    expect(report).toMatchObject({ verdict: 'proved', signer: ledger.key.name, size: 0, failures: [] })
  })
  test('keeps its key to its owner, and refuses one that others can read', async () => {
    const data = temporaryFolder()
    await openLedger({ data, origin: 'example.com/soc' })
    const key = join(data, 'keys/ledger.key')
    expect([statSync(key).mode & 0o777, statSync(join(data, 'keys')).mode & 0o777]).toEqual([0o600, 0o700])
    chmodSync(key, 0o640)
    expect(await codeOf(openLedger({ data }))).toBe('ledger_key_exposed')
  })
  test('does not take another name or key later', async () => {
    const data = temporaryFolder()
    const first = await openLedger({ data, origin: 'example.com/soc' })
    expect(await codeOf(openLedger({ data, origin: 'example.com/other' }))).toBe('ledger_origin_changed')
    expect((await openLedger({ data })).key.text).toBe(first.key.text)
    rmSync(join(data, 'keys'), { recursive: true })
    expect(await codeOf(openLedger({ data }))).toBe('ledger_key_missing')
    expect(await codeOf(openLedger({ data: temporaryFolder(), origin: 'two words' }))).toBe('ledger_origin_invalid')
  })
})

test('batches of any sizes make the same tree as their leaves, before and after a restart', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 300 }), restart: fc.boolean() }), { minLength: 1, maxLength: 5 }),
      async (batches) => {
        const data = temporaryFolder()
        const files = new Map<string, Uint8Array>()
        let ledger = await openLedger({ data, files: memoryFiles(files) })
        for (const { count, restart } of batches) {
          await ledger.append(entriesFrom(ledger.head.size + 1, count))
          if (restart) ledger = await openLedger({ data, files: memoryFiles(files) })
        }
        const { size, checkpoint, outbox } = ledger.head
        const entries = await Promise.all(Array.from({ length: size }, async (_, at) => (await ledger.entry(at))!))
        const leaves = entries.map((entry) => leafHash(entry))
        expect(checkpoint.root).toEqual(rootOf(leaves))
        expect(outbox).toBe(size)
        expect(await ledger.entry(size)).toBeUndefined()
        for (const tile of tilesOf(size)) expect(files.has(`ledger/${tilePath(tile)}`)).toBe(true)
        for (const at of [0, size >> 1, size - 1]) {
          const proof = await inclusionProof(at, size, ledger.readTile)
          expect(
            verifyInclusion(
              leaves[at]!,
              at,
              size,
              proof.map((step) => step.hash),
              checkpoint.root,
            ),
          ).toBe(true)
        }
        const report = await verifyDirectory(memoryFolder(files), { trusted: [ledger.key] })
        expect(report.failures).toEqual([])
        expect(report).toMatchObject({ verdict: 'proved', size, checked: { entries: size } })
      },
    ),
    { numRuns: 15 },
  )
})

test('partial tiles go once the full one is there', async () => {
  const data = temporaryFolder()
  const ledger = await openLedger({ data })
  await ledger.append(entriesFrom(1, 250))
  await ledger.append(entriesFrom(251, 3))
  expect(existsSync(join(data, 'ledger/tile/0/000.p/250'))).toBe(true)
  expect(existsSync(join(data, 'ledger/tile/0/000.p/253'))).toBe(true)
  await ledger.append(entriesFrom(254, 10))
  expect(existsSync(join(data, 'ledger/tile/0/000'))).toBe(true)
  expect(existsSync(join(data, 'ledger/tile/0/000.p'))).toBe(false)
  expect(existsSync(join(data, 'ledger/tile/entries/000.p'))).toBe(false)
  expect(existsSync(join(data, 'ledger/tile/1/000.p/1'))).toBe(true)
})

describe('appending', () => {
  test('refuses an entry that does not fit, and keeps the log as it was', async () => {
    const ledger = await openLedger({ data: temporaryFolder() })
    const before = ledger.head
    const fits = entryOf(1, { pad: '' })
    const room = 65_535 - Buffer.byteLength(JSON.stringify(fits))
    expect(await codeOf(ledger.append([entryOf(1, { pad: 'x'.repeat(room + 1) })]))).toBe('ledger_entry_too_large')
    expect(ledger.head).toBe(before)
    await ledger.append([entryOf(1, { pad: 'x'.repeat(room) })])
    expect((await ledger.entry(0))?.length).toBe(65_535)
  })
  test('refuses an outbox sequence that was logged', async () => {
    const ledger = await openLedger({ data: temporaryFolder() })
    await ledger.append(entriesFrom(1, 2))
    expect(await codeOf(ledger.append([entryOf(2)]))).toBe('ledger_outbox_order')
    expect(await codeOf(ledger.append([entryOf(4), entryOf(4)]))).toBe('ledger_outbox_order')
    expect(ledger.head.size).toBe(2)
  })
  test('keeps calls in order, each under its own signature', async () => {
    const ledger = await openLedger({ data: temporaryFolder() })
    const heads = await Promise.all([ledger.append(entriesFrom(1, 3)), ledger.append(entriesFrom(4, 2)), ledger.append([])])
    expect(heads.map((head) => head.size)).toEqual([3, 5, 5])
    const last = parseEntry((await ledger.entry(4))!)
    expect(last).toMatchObject({ outbox: 5, body: { note: 'entry 5 記録' } })
  })
  test('stops when another process has written', async () => {
    const data = temporaryFolder()
    const [one, two] = [await openLedger({ data }), await openLedger({ data })]
    await one.append(entriesFrom(1, 1))
    expect(await codeOf(two.append(entriesFrom(1, 2)))).toBe('ledger_moved')
    // It has then read what is there, and goes on from that.
    expect(two.head).toMatchObject({ size: 1, outbox: 1 })
    expect((await two.append(entriesFrom(2, 1))).size).toBe(2)
  })
})

describe('a changed log does not open', () => {
  const build = async () => {
    const data = temporaryFolder()
    const ledger = await openLedger({ data })
    await ledger.append(entriesFrom(1, 5))
    return data
  }
  const spoil = (path: string) => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
  }
  test.each([
    ['tile/0/000.p/5', 'ledger_damaged'],
    ['tile/entries/000.p/5', 'ledger_damaged'],
    ['checkpoint', 'ledger_foreign'],
  ])('%s', async (path, code) => {
    const data = await build()
    spoil(join(data, 'ledger', path))
    expect(await codeOf(openLedger({ data }))).toBe(code)
  })
  test('without its checkpoint', async () => {
    const data = await build()
    rmSync(join(data, 'ledger/checkpoint'))
    expect(await codeOf(openLedger({ data }))).toBe('ledger_damaged')
  })
})

describe('copies outside', () => {
  test('get every checkpoint, once each', async () => {
    const data = temporaryFolder()
    const copy = join(temporaryFolder(), 'outside/checkpoints.txt')
    const ledger = await openLedger({ data, copies: [copy] })
    await ledger.append(entriesFrom(1, 3))
    await openLedger({ data, copies: [copy] })
    const again = await openLedger({ data, copies: [copy] })
    await again.append(entriesFrom(4, 3))
    const text = readFileSync(copy, 'utf8')
    expect(text.split('\n\n— ').length - 1).toBe(3)
    expect(again.copies.states).toMatchObject([{ place: copy, size: 6, failures: 0, reason: null }])
    const report = await verifyDirectory(readFolder(data), { trusted: [ledger.key], since: [{ path: copy, text }] })
    expect(report).toMatchObject({ verdict: 'proved', checked: { checkpoints: 3 } })
  })
  test('that cannot be written are named and do not stop the log', async () => {
    const data = temporaryFolder()
    const ledger = await openLedger({ data, copies: [data] })
    await ledger.append(entriesFrom(1, 1))
    expect(ledger.head.size).toBe(1)
    const [state] = ledger.copies.states
    expect(state?.failures).toBeGreaterThan(0)
    expect(state?.reason).toContain('EISDIR')
  })
  test('reveal that the log was put back', async () => {
    const data = temporaryFolder()
    const copy = join(temporaryFolder(), 'checkpoints')
    const ledger = await openLedger({ data, copies: [copy] })
    await ledger.append(entriesFrom(1, 2))
    const old = readFileSync(join(data, 'ledger/checkpoint'))
    await ledger.append(entriesFrom(3, 2))
    writeFileSync(join(data, 'ledger/checkpoint'), old)
    expect(await codeOf(openLedger({ data, copies: [copy] }))).toBe('ledger_rolled_back')
    const since = [{ path: 'copy', text: readFileSync(copy, 'utf8') }]
    const report = await verifyDirectory(readFolder(data), { trusted: [ledger.key], since })
    expect(report.failures).toMatchObject([{ path: 'copy', code: 'rolled_back' }])
    expect(report.notes.join()).toContain('reach beyond the checkpoint')
  })
  test('reveal a second history, even one signed with the right key', async () => {
    const [data, other] = [temporaryFolder(), temporaryFolder()]
    const copy = join(temporaryFolder(), 'checkpoints')
    const first = await openLedger({ data, copies: [copy], origin: 'example.com/soc' })
    await first.append(entriesFrom(1, 3))
    const key = join(data, 'keys/ledger.key')
    await openLedger({ data: other, origin: 'example.com/soc' })
    rmSync(join(other, 'ledger'), { recursive: true })
    writeFileSync(join(other, 'keys/ledger.key'), textOf(readFileSync(key))!, { mode: 0o600 })
    const forged = await openLedger({ data: other })
    await forged.append([entryOf(1), entryOf(2, { note: 'never happened' }), entryOf(3)])
    expect(await codeOf(openLedger({ data: other, copies: [copy] }))).toBe('ledger_forked')
    await forged.append([entryOf(4)])
    const report = await verifyDirectory(readFolder(other), {
      trusted: [first.key],
      since: [{ path: 'copy', text: readFileSync(copy, 'utf8') }],
    })
    expect(report.failures).toMatchObject([{ path: 'copy', code: 'forked' }])
  })
})
