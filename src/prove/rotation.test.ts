import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LedgerFiles } from './files.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { makeBundle } from './make-bundle.ts'
import { readFolder } from './read-folder.ts'
import { openLogReader } from './read-log.ts'
import { entriesFrom, entryOf } from './testing/entries-data.ts'
import { memoryFiles, memoryFolder } from './testing/memory-files.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { verifyBundle } from './verify/bundle.ts'
import { type Bundle, formatBundle } from './verify/bundle-format.ts'
import { utf8 } from './verify/bytes.ts'
import { verifyDirectory } from './verify/directory.ts'
import type { VerifierKey } from './verify/note.ts'
import { ROTATION_ACTION } from './verify/rotation.ts'

/** A log of three keys: 5 entries, a rotation, 300 more, a rotation, 2 more. */
async function turned() {
  const data = temporaryFolder()
  const copy = join(temporaryFolder(), 'copy')
  const ledger = await openLedger({ data, origin: 'example.com/soc', copies: [copy] })
  const keys: VerifierKey[] = [ledger.key]
  await grow(ledger, 5)
  const early = ledger.head.checkpoint.text
  for (const more of [300, 2]) {
    await rotate(ledger)
    keys.push(ledger.key)
    await grow(ledger, more)
  }
  return { data, ledger, keys: keys as [VerifierKey, VerifierKey, VerifierKey], early, copy }
}

async function grow(ledger: Ledger, by: number): Promise<void> {
  await ledger.append(entriesFrom(ledger.head.outbox + 1, by))
}

async function rotate(ledger: Ledger): Promise<void> {
  const note = await ledger.prepareRotation()
  const first = ledger.head.outbox + 1
  await ledger.append([entryOf(first), entryOf(first + 1, { action: ROTATION_ACTION, note }), entryOf(first + 2)])
}

test('a log goes on under a new key, and proves to who trusts any of its keys', async () => {
  const { data, ledger, keys, early, copy } = await turned()
  expect(new Set(keys.map(({ text }) => text)).size).toBe(3)
  expect(ledger.rotations.map(({ index }) => index)).toEqual([6, 309])
  expect(readdirSync(join(data, 'keys')).filter((name) => !name.startsWith('.'))).toEqual(['ledger.key'])
  for (const key of keys) {
    const report = await verifyDirectory(readFolder(data), {
      trusted: [key],
      since: [
        { path: 'early', text: early },
        { path: 'copy', text: readFileSync(copy, 'utf8') },
      ],
    })
    expect(report).toMatchObject({ verdict: 'proved', signer: 'example.com/soc', failures: [], size: 313 })
    expect(report.notes).toEqual([`Entry 6 changed the key to ${keys[1].text}.`, `Entry 309 changed the key to ${keys[2].text}.`])
  }
  const again = await openLedger({ data, copies: [copy] })
  expect(again.key.text).toBe(keys[2].text)
  await grow(again, 1)
  expect(await verifyDirectory(readFolder(data), { trusted: [keys[0]] })).toMatchObject({ verdict: 'proved', size: 314 })
  const foreign = (await openLedger({ data: temporaryFolder(), origin: 'example.com/soc' })).key
  const report = await verifyDirectory(readFolder(data), { trusted: [foreign] })
  expect(report).toMatchObject({ verdict: 'failed', signer: null })
})

test.each<[what: string, path: string, change: (text: string) => string, codes: readonly string[]]>([
  ['a rotation that is gone', 'rotations', (text) => text.replace(/^.*\n/, ''), ['wrong_signer']],
  ['all rotations gone', 'rotations', () => '', ['wrong_signer']],
  [
    'rotations in another order',
    'rotations',
    (text) => text.split('\n').slice(0, 2).reverse().join('\n').concat('\n'),
    ['rotation_broken', 'wrong_signer'],
  ],
  [
    'a note with a changed signature',
    'rotations',
    (text) => change(text, text.indexOf('— example.com/soc') + 40),
    ['rotation_broken', 'wrong_signer'],
  ],
  [
    'a checkpoint that one key signed',
    'rotations',
    (text) => text.replace(/\\n— [^"]+?\\n(?=— [^"]+","index":6)/, '\\n'),
    ['rotation_broken', 'wrong_signer'],
  ],
  ['a rotation that names another entry', 'rotations', (text) => text.replace('"index":6', '"index":5'), ['rotation_broken']],
  ['a file that is none', 'rotations', (text) => text.slice(1), ['rotation_broken', 'wrong_signer']],
  [
    'an announcement that was changed in the log',
    'tile/entries/000',
    (text) => text.replace('kanpeki ledger key rotation', 'kanpeki ledger key-rotation'),
    ['entry_mismatch'],
  ],
])('%s is found and named', async (_what, path, change, codes) => {
  const { data, keys } = await turned()
  const file = join(data, 'ledger', path)
  const encoding = path === 'rotations' ? 'utf8' : 'latin1'
  const before = readFileSync(file, encoding)
  const after = change(before)
  expect(after).not.toBe(before)
  writeFileSync(file, after, encoding)
  const report = await verifyDirectory(readFolder(data), { trusted: [keys[0]] })
  expect(report.verdict).toBe('failed')
  expect([...new Set(report.failures.map(({ code }) => code))].filter((code) => code !== 'wrong_key_file')).toEqual(
    expect.arrayContaining([...codes]),
  )
  if (path.startsWith('tile')) expect(report.failures).toMatchObject([{ leaf: 6, path: 'ledger/tile/entries/000' }])
})

test('without the rotations the newest key alone proves, and the hidden change is named', async () => {
  const { data, keys } = await turned()
  writeFileSync(join(data, 'ledger/rotations'), '')
  const report = await verifyDirectory(readFolder(data), { trusted: [keys[2]] })
  expect(report.failures).toMatchObject([{ code: 'rotation_broken', leaf: 309 }])
})

test('a bundle carries the rotations, from the server and from the files, and a break in them is found', async () => {
  const { data, ledger, keys } = await turned()
  const log = {
    checkpoint: ledger.head.checkpoint,
    key: ledger.key.text,
    entry: ledger.entry,
    readTile: ledger.readTile,
    rotations: ledger.rotations,
  }
  const bundle = await makeBundle({ log, about: { index: 2 }, indexes: [2] })
  const reader = await openLogReader(readFolder(data))
  expect((await makeBundle({ log: reader, about: { index: 2 }, indexes: [2] })).rotations).toEqual(bundle.rotations)
  const verified = (one: Bundle, key: VerifierKey) => verifyBundle(utf8(formatBundle(one)), 'b', { trusted: [key] })
  for (const key of keys) expect(await verified(bundle, key)).toMatchObject({ verdict: 'proved', failures: [] })
  const [first, second] = bundle.rotations!
  const codes = async (rotations: Bundle['rotations']) =>
    (await verified({ ...bundle, ...(rotations && { rotations }) }, keys[0])).failures.map(({ path, code }) => `${path} ${code}`)
  const unsigned = 'b#/checkpoint wrong_signer'
  expect(await codes([second!])).toContain(unsigned)
  expect(await codes([first!])).toContain(unsigned)
  expect(await codes([second!, first!])).toEqual(expect.arrayContaining(['b#/rotations/1 rotation_broken', unsigned]))
  expect(await codes([{ ...first!, entry: first!.entry.replace('"outbox":7', '"outbox":8') }, second!])).toEqual(
    expect.arrayContaining(['b#/rotations/0 rotation_broken', unsigned]),
  )
  expect(await codes([{ ...first!, consistency: [] }, second!])).toContain('b#/rotations/0 rotation_broken')
})

test('an announcement of a key that this log does not hold changes nothing, and is said to have come to nothing', async () => {
  const data = temporaryFolder()
  const ledger = await openLedger({ data, origin: 'example.com/soc' })
  const other = await openLedger({ data: temporaryFolder(), origin: 'example.com/soc' })
  const { key } = ledger
  await ledger.append([entryOf(1, { action: ROTATION_ACTION, note: await other.prepareRotation() })])
  expect(ledger.key.text).toBe(key.text)
  const report = await verifyDirectory(readFolder(data), { trusted: [key] })
  expect(report).toMatchObject({ verdict: 'proved', notes: ['Entry 0 announces a key that never came into use.'] })
})

test('a crash at any write of a rotation leaves the old key or the new one, and a log that proves', async () => {
  const outcomes: string[] = []
  for (let failing = 0; ; failing++) {
    const data = temporaryFolder()
    const files = new Map<string, Uint8Array>()
    const disk = memoryFiles(files)
    const ledger = await openLedger({ data, origin: 'example.com/soc', files: disk })
    const { key } = ledger
    await grow(ledger, 5)
    const note = await ledger.prepareRotation()
    let writes = 0
    const broken: LedgerFiles = {
      ...disk,
      async write(list) {
        if (writes++ >= failing) throw new Error('the power went')
        await disk.write(list)
      },
    }
    const dying = await openLedger({ data, files: broken }).catch(() => undefined)
    await dying?.append([entryOf(6), entryOf(7, { action: ROTATION_ACTION, note })]).catch(() => undefined)
    const after = await openLedger({ data, files: disk })
    if (after.head.size === 5)
      await after.append([entryOf(6), entryOf(7, { action: ROTATION_ACTION, note: await after.prepareRotation() })])
    await grow(after, 1)
    expect(after.key.text).not.toBe(key.text)
    expect(existsSync(join(data, 'keys/ledger.key.next'))).toBe(false)
    const report = await verifyDirectory(memoryFolder(files), { trusted: [key] })
    expect(report).toMatchObject({ verdict: 'proved', failures: [], size: 8 })
    outcomes.push(`${failing}: ${writes}`)
    if (writes <= failing) break
  }
  expect(outcomes.length).toBeGreaterThan(4)
})

function change(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
}
