import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLedger } from './ledger.ts'
import { consistencyProof, inclusionProof } from './proofs.ts'
import { entriesFrom, entryOf } from './testing/entries-data.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { fromBase64, toBase64, utf8 } from './verify/bytes.ts'
import { parseCheckpoint } from './verify/checkpoint.ts'
import { leafHash, rootOf, verifyConsistency, verifyInclusion } from './verify/merkle.ts'
import { checkNote, parseVerifierKey } from './verify/note.ts'
import { ROTATION_ACTION } from './verify/rotation.ts'

/**
 * The other side is `golang.org/x/mod/sumdb` (`note` for signatures, `tlog` for proofs), as Debian packages it. Where there
 * is no Go these tests are skipped, and say so; the continuous integration installs it.
 */
const PROGRAM = fileURLToPath(new URL('testing/sumdb/main.go', import.meta.url))
const GO_PATH = '/usr/share/gocode'
const hasGo = spawnSync('go', ['version']).status === 0
if (!hasGo && process.env['CI'] === 'true') throw new Error('golang-go and golang-golang-x-mod-dev are not installed')

interface Proofs {
  readonly inclusion: readonly { readonly index: number; readonly leaf: string; readonly proof: readonly string[] }[]
  readonly consistency: readonly { readonly older: number; readonly root: string; readonly proof: readonly string[] }[]
}

interface Vectors extends Proofs {
  readonly key: string
  readonly checkpoint: string
  readonly entries: readonly string[]
}

const bytes = (text: string): Uint8Array => fromBase64(text)!

describe.skipIf(!hasGo)('Go’s checksum database', () => {
  const built = mkdtempSync(join(tmpdir(), 'kanpeki-sumdb-'))
  const program = join(built, 'sumdb')
  beforeAll(() => {
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOFLAGS: '' }
    execFileSync('go', ['build', '-o', program, PROGRAM], { env })
  }, 180_000)
  afterAll(() => rmSync(built, { recursive: true, force: true }))

  const judge = (folder: string, proofs: object) =>
    spawnSync(program, ['check', folder], { input: JSON.stringify(proofs), encoding: 'utf8' })

  test.each([1, 2, 255, 256, 257, 700])('accepts a log of %i entries, all of its tiles and our proofs', async (size) => {
    const { folder, ledger, proofs } = await logOf(size)
    const answer = judge(folder, proofs)
    expect(answer.stderr).toBe('')
    const theirs = JSON.parse(answer.stdout) as Proofs
    const { checkpoint } = ledger.head
    // Both sides make the same proof: there is only one.
    expect(theirs.inclusion.map(({ proof }) => proof)).toEqual(proofs.inclusion.map(({ proof }) => proof))
    for (const { index, leaf, proof } of theirs.inclusion)
      expect(verifyInclusion(bytes(leaf), index, size, proof.map(bytes), checkpoint.root)).toBe(true)
    for (const { older, root, proof } of theirs.consistency)
      expect(verifyConsistency(older, size, proof.map(bytes), bytes(root), checkpoint.root)).toBe(true)
  })

  test.each([
    ['checkpoint', 20],
    ['tile/0/000', 40],
    ['tile/0/001.p/44', 7],
    ['tile/1/000.p/1', 3],
    ['tile/entries/000', 90],
    ['tile/entries/001.p/44', 9],
    ['key', 40],
  ])('refuses a log whose %s was changed', async (path, at) => {
    const { folder, proofs } = await logOf(300)
    const file = join(folder, path)
    const content = readFileSync(file)
    content[at]! ^= 1
    writeFileSync(file, content)
    expect(judge(folder, proofs)).toMatchObject({ status: 1 })
  })

  test('accepts a log that changed its key: at the turn by either key, and from then on by the new one alone', async () => {
    const { folder, ledger } = await logOf(40)
    const former = readFileSync(join(folder, 'key'), 'utf8')
    const note = await ledger.prepareRotation()
    await ledger.append([entryOf(41, { action: ROTATION_ACTION, note })])
    const none = { inclusion: [], consistency: [] }
    const current = readFileSync(join(folder, 'key'), 'utf8')
    expect(current).not.toBe(former)
    expect(judge(folder, none)).toMatchObject({ status: 0, stderr: '' })
    writeFileSync(join(folder, 'key'), former)
    expect(judge(folder, none)).toMatchObject({ status: 0, stderr: '' })
    await ledger.append([entryOf(42)])
    expect(judge(folder, none)).toMatchObject({ status: 1 })
    writeFileSync(join(folder, 'key'), current)
    expect(judge(folder, none)).toMatchObject({ status: 0, stderr: '' })
  })

  test('refuses our proof of another entry', async () => {
    const { folder, proofs } = await logOf(300)
    const [first, second] = proofs.inclusion
    expect(judge(folder, { ...proofs, inclusion: [{ ...first!, proof: second!.proof }] }).stderr).toContain(
      'inclusion of 0 in 300',
    )
  })

  test.each([1, 2, 3, 64, 100])('makes a log of %i entries that we accept, and changes that we find', async (size) => {
    const made = JSON.parse(execFileSync(program, ['make', String(size)], { encoding: 'utf8' })) as Vectors
    const checkpoint = parseCheckpoint(utf8(made.checkpoint))!
    const key = parseVerifierKey(made.key)!
    expect(await checkNote(checkpoint.note, key)).toBeUndefined()
    const leaves = made.entries.map((entry) => leafHash(utf8(entry)))
    expect(checkpoint).toMatchObject({ origin: key.name, size, root: rootOf(leaves) })
    const forged = parseCheckpoint(utf8(made.checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`)))!
    expect(await checkNote(forged.note, key)).toBe('forged')
    for (const { index, leaf, proof } of made.inclusion) {
      expect(toBase64(leaves[index]!)).toBe(leaf)
      const path = proof.map(bytes)
      expect(verifyInclusion(leaves[index]!, index, size, path, checkpoint.root)).toBe(true)
      for (const sibling of path) {
        sibling[0]! ^= 1
        expect(verifyInclusion(leaves[index]!, index, size, path, checkpoint.root)).toBe(false)
        sibling[0]! ^= 1
      }
    }
    for (const { older, root, proof } of made.consistency) {
      expect(verifyConsistency(older, size, proof.map(bytes), bytes(root), checkpoint.root)).toBe(true)
      expect(verifyConsistency(older, size, proof.map(bytes), leafHash(bytes(root)), checkpoint.root)).toBe(false)
    }
    expect(made.inclusion.length + made.consistency.length).toBe(2 * size)
  })
})

/** A log on the disk with our proofs of some entries and some earlier sizes. */
async function logOf(size: number) {
  const data = temporaryFolder()
  const ledger = await openLedger({ data, origin: 'example.com/soc' })
  for (let at = 0; at < size; at += 90) await ledger.append(entriesFrom(at + 1, Math.min(90, size - at)))
  const some = [...new Set([0, 1, size >> 1, size - 2, size - 1])].filter((at) => at >= 0 && at < size)
  const texts = (hashes: readonly Uint8Array[]): string[] => hashes.map(toBase64)
  const inclusion = await Promise.all(
    some.map(async (index) => ({
      index,
      proof: texts((await inclusionProof(index, size, ledger.readTile)).map(({ hash }) => hash)),
    })),
  )
  const consistency = await Promise.all(
    some
      .filter((older) => older > 0)
      .map(async (older) => ({ older, proof: texts(await consistencyProof(older, size, ledger.readTile)) })),
  )
  return { folder: join(data, 'ledger'), ledger, proofs: { inclusion, consistency } }
}
