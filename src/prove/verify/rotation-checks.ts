import { equalBytes } from './bytes.ts'
import type { EntryFindings } from './entry-checks.ts'
import type { EvidenceFolder } from './folder.ts'
import type { VerifierKey } from './note.ts'
import type { Failure } from './report.ts'
import { type CheckedRotation, checkRotation, followKeys, type KeyChain, parseRotations, ROTATIONS_FILE } from './rotation.ts'
import type { Sha256 } from './sha256.ts'
import { type ReadTile, rangeHash } from './tiles.ts'

/** The rotations of a log, as far as they hold without its tiles. */
export interface RotationChecks {
  readonly chain: KeyChain
  readonly rotations: readonly CheckedRotation[]
  readonly failures: readonly Failure[]
}

/** Reads the rotations beside a log and follows the trusted keys over them; a break ends the way. */
export async function readRotations(
  folder: EvidenceFolder,
  at: (path: string) => string,
  origin: string,
  trusted: readonly VerifierKey[],
): Promise<RotationChecks> {
  const path = at(ROTATIONS_FILE)
  const fail = (leaf: number | null, reason: string): Failure => ({ path, leaf, code: 'rotation_broken', reason })
  const bytes = await folder.read(path)
  const known = bytes === undefined ? [] : parseRotations(bytes)
  if (known === undefined)
    return { chain: followKeys(trusted, []), rotations: [], failures: [fail(null, 'this is no list of rotations')] }
  const rotations: CheckedRotation[] = []
  const failures: Failure[] = []
  for (const one of known) {
    const checked = await checkRotation(one)
    const last = rotations.at(-1)
    if (typeof checked === 'string') failures.push(fail(one.index, checked))
    else if (checked.head.origin !== origin)
      failures.push(fail(one.index, `it is of ${checked.head.origin}, the log of ${origin}`))
    else if (last !== undefined && (last.to.text !== checked.from.text || last.index >= checked.index))
      failures.push(fail(one.index, `it does not follow from the rotation before it, to the key ${last.to.id}`))
    else {
      rotations.push(checked)
      continue
    }
    break
  }
  return { chain: followKeys(trusted, rotations), rotations, failures }
}

/** That the log holds each rotation's announcement and begins as its checkpoint says, and that none it announces is hidden. */
export async function checkRotationsInLog(
  { rotations, failures: before }: RotationChecks,
  at: (path: string) => string,
  head: { readonly size: number },
  signer: VerifierKey | undefined,
  findings: EntryFindings,
  forged: ReadonlySet<number>,
  readTile: ReadTile,
  hash: Sha256,
): Promise<{ readonly failures: readonly Failure[]; readonly notes: readonly string[] }> {
  const path = at(ROTATIONS_FILE)
  const failures: Failure[] = []
  const notes: string[] = []
  const fail = (leaf: number, reason: string): void => void failures.push({ path, leaf, code: 'rotation_broken', reason })
  for (const { index, note, head: kept, to } of rotations) {
    if (forged.has(index)) continue
    if (findings.rotations.get(index) !== note) fail(index, 'the entry does not announce the new key as the rotation says')
    else if (kept.size > head.size) fail(index, `it was signed with ${kept.size} entries, and the log has ${head.size}`)
    else {
      const root = await rangeHash(0, kept.size, head.size, readTile, hash).catch(() => undefined)
      if (root === undefined || !equalBytes(root, kept.root))
        fail(index, `the first ${kept.size} entries are not those that both keys signed`)
      else notes.push(`Entry ${index} changed the key to ${to.text}.`)
    }
  }
  for (const [index, note] of findings.rotations) {
    if (before.length > 0 || rotations.some((one) => one.index === index)) continue
    // A key that was announced and lost before it signed anything: the one before goes on, and this says so.
    if (signer !== undefined && note.split('\n')[2] === signer.text)
      fail(index, 'the entry announces the key that signs, and the checkpoint that both keys signed is missing')
    else notes.push(`Entry ${index} announces a key that never came into use.`)
  }
  return { failures, notes }
}
