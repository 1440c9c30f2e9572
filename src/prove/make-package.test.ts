import { expect, test } from 'vitest'
import { openLedger } from './ledger.ts'
import { makeBundle } from './make-bundle.ts'
import { makePackage } from './make-package.ts'
import { entriesFrom, entryOf } from './testing/entries-data.ts'
import { PLAIN_PACKAGING } from './testing/packaging.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { isArchivePath, unpackArchive } from './verify/archive.ts'
import type { VerifierKey } from './verify/note.ts'
import { originOf, verifyFiles, verifyPackage } from './verify/package.ts'
import { ROTATION_ACTION } from './verify/rotation.ts'

const VERIFIER = '<!doctype html><title>the verifier</title>'

/** A package of a log whose key was changed once, and both keys. */
async function turned() {
  const ledger = await openLedger({ data: temporaryFolder(), origin: 'example.com/soc', copies: [] })
  const old = ledger.key
  await ledger.append(entriesFrom(1, 3))
  const note = await ledger.prepareRotation()
  await ledger.append([entryOf(4, { action: ROTATION_ACTION, note })])
  await ledger.append(entriesFrom(5, 2))
  const { checkpoint } = ledger.head
  const { rotations, entry, readTile } = ledger
  const log = { checkpoint, key: ledger.key.text, entry, readTile, rotations }
  const bundle = await makeBundle({ log, about: { index: 1 }, indexes: [1] })
  const verifier = async () => new TextEncoder().encode(VERIFIER)
  const bytes = await makePackage(bundle, { ...PLAIN_PACKAGING, verifier, signNote: (text) => ledger.signNote(text) })
  return { bytes, keys: [old, ledger.key] as const }
}

test('a package holds reports in both languages and the verifier, and proves to who trusts any key of its log', async () => {
  const { bytes, keys } = await turned()
  expect(keys[0].text).not.toBe(keys[1].text)
  const read = unpackArchive(bytes)
  if (typeof read === 'string') throw new Error(read)
  expect(read.fault).toBeUndefined()
  expect(read.files.map(({ path }) => path)).toEqual([
    'report.html',
    'report.pdf',
    'report.ja.html',
    'report.ja.pdf',
    'verifier.html',
    'bundle.json',
    'MANIFEST',
  ])
  expect(read.files.every(({ path }) => isArchivePath(path))).toBe(true)
  const text = (name: string) => Buffer.from(read.files.find(({ path }) => path === name)!.bytes).toString('latin1')
  expect(text('report.ja.pdf')).toMatch(/^%PDF-1\.7/)
  expect(Buffer.from(text('report.ja.html'), 'latin1').toString()).toContain('<html lang="ja">')
  expect(text('verifier.html')).toBe(VERIFIER)
  expect(originOf(bytes)).toBe('example.com/soc')
  const verdict = async (trusted: readonly VerifierKey[]) => (await verifyPackage(bytes, 'p', { trusted })).verdict
  for (const key of keys) expect(await verdict([key])).toBe('proved')
  expect(await verdict([])).toBe('consistent')
})

test('another log of the same name vouches for nothing here', async () => {
  const { bytes, keys } = await turned()
  const other = await turned()
  for (const key of other.keys) expect((await verifyPackage(bytes, 'p', { trusted: [key] })).verdict).toBe('failed')
  // The list of another log of the same name, put beside this bundle.
  const own = unpackArchive(bytes)
  const foreign = unpackArchive(other.bytes)
  if (typeof own === 'string' || typeof foreign === 'string') throw new Error('no archive')
  const mixed = [...own.files.filter(({ path }) => path !== 'MANIFEST'), foreign.files.find(({ path }) => path === 'MANIFEST')!]
  const report = await verifyFiles(mixed, 'p', { trusted: [keys[1]] })
  expect(report.failures).toContainEqual(expect.objectContaining({ path: 'p/MANIFEST', code: 'wrong_signer' }))
})
