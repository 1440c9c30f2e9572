import { type Bundle, type BundleRotation, decodeProof } from './bundle-format.ts'
import { utf8 } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import { parseEntry } from './entry.ts'
import { leafHash, verifyConsistency, verifyInclusion } from './merkle.ts'
import type { VerifierKey } from './note.ts'
import type { Failure } from './report.ts'
import { type CheckedRotation, checkRotation, followKeys, type KeyChain, rotationNote } from './rotation.ts'
import type { Sha256 } from './sha256.ts'

/** Follows the trusted keys over the rotations that a bundle carries; each must be in the bundle's log. A break ends the way. */
export async function checkBundleRotations(
  bundle: Bundle,
  head: Checkpoint,
  path: string,
  trusted: readonly VerifierKey[],
  hash: Sha256,
): Promise<{ readonly chain: KeyChain; readonly failures: readonly Failure[]; readonly notes: readonly string[] }> {
  const rotations: CheckedRotation[] = []
  for (const [place, rotation] of (bundle.rotations ?? []).entries()) {
    const checked = await checkOne(rotation, head, hash)
    const last = rotations.at(-1)
    const broken =
      typeof checked !== 'string' && last !== undefined && (last.to.text !== checked.from.text || last.index >= checked.index)
    if (typeof checked === 'string' || broken) {
      const reason = typeof checked === 'string' ? checked : 'it does not follow from the rotation before it'
      const failure = { path: `${path}#/rotations/${place}`, leaf: rotation.index, code: 'rotation_broken' as const, reason }
      return { chain: followKeys(trusted, rotations), failures: [failure], notes: [] }
    }
    rotations.push(checked)
  }
  const notes = rotations.map(({ index, to }) => `Entry ${index} changed the key to ${to.text}.`)
  return { chain: followKeys(trusted, rotations), failures: [], notes }
}

async function checkOne(rotation: BundleRotation, head: Checkpoint, hash: Sha256): Promise<CheckedRotation | string> {
  const { index, checkpoint } = rotation
  const bytes = utf8(rotation.entry)
  const entry = parseEntry(bytes)
  const note = typeof entry === 'string' ? undefined : rotationNote(entry)
  if (note === undefined) return 'the entry announces no new key'
  const proof = decodeProof(rotation.proof)
  const consistency = decodeProof(rotation.consistency)
  if (proof === undefined || consistency === undefined) return 'a hash of its proofs is not 32 bytes in Base64'
  if (!verifyInclusion(leafHash(bytes, hash), index, head.size, proof, head.root, hash))
    return 'the entry and its proof do not lead to the root'
  const checked = await checkRotation({ index, note, checkpoint })
  if (typeof checked === 'string') return checked
  const { size, root, origin } = checked.head
  if (origin !== head.origin) return `it is of ${origin}`
  return verifyConsistency(size, head.size, consistency, root, head.root, hash)
    ? checked
    : `the first ${size} entries are not those that both keys signed`
}
