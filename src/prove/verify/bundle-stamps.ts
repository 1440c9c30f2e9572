import { absent, checkStamp } from './anchors.ts'
import { type Bundle, type BundleStamp, decodeProof } from './bundle-format.ts'
import { fromBase64, utf8 } from './bytes.ts'
import type { Certificate } from './certificate.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { verifyConsistency } from './merkle.ts'
import type { Failure, Stamped } from './report.ts'
import type { Sha256 } from './sha256.ts'

/** Checks the time-stamps of a bundle: that each holds, and that what it stamps is the beginning of the bundle's log. */
export async function checkBundleStamps(
  bundle: Bundle,
  head: Checkpoint,
  path: string,
  roots: readonly Certificate[] | undefined,
  hash: Sha256,
): Promise<{ readonly stamps: readonly Stamped[]; readonly failures: readonly Failure[] }> {
  const stamps: Stamped[] = []
  const failures: Failure[] = []
  for (const [place, stamp] of (bundle.stamps ?? []).entries()) {
    const said = await checkOne(`${path}#/stamps/${place}`, stamp, head, roots, hash)
    if ('reason' in said) failures.push(said)
    else stamps.push(said)
  }
  return { stamps, failures: [...failures, ...absent(stamps, `${path}#/stamps`, roots)] }
}

async function checkOne(
  path: string,
  stamp: BundleStamp,
  head: Checkpoint,
  roots: readonly Certificate[] | undefined,
  hash: Sha256,
): Promise<Stamped | Failure> {
  const fail = (code: Failure['code'], reason: string): Failure => ({ path, leaf: null, code, reason })
  const text = utf8(stamp.checkpoint)
  const checkpoint = parseCheckpoint(text)
  const token = fromBase64(stamp.token)
  const proof = decodeProof(stamp.proof)
  if (checkpoint === undefined || token === undefined || proof === undefined || checkpoint.origin !== head.origin)
    return fail('malformed', `this is not a stamped checkpoint of ${head.origin}`)
  if (!verifyConsistency(checkpoint.size, head.size, proof, checkpoint.root, head.root, hash))
    return fail('forked', `the first ${checkpoint.size} entries are not those that were stamped`)
  return await checkStamp(path, token, { size: checkpoint.size, text }, roots, hash)
}
