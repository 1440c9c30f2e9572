import type { Checkpoint } from './checkpoint.ts'
import { checkCosignature } from './cosignature.ts'
import type { VerifierKey } from './note.ts'
import type { Failure, Witnessed } from './report.ts'

export interface WitnessChecks {
  readonly witnesses: readonly Witnessed[]
  readonly failures: readonly Failure[]
}

/** Checks that each of the witnesses cosigned the checkpoint; undefined stands for one that is not there. */
export async function checkWitnesses(
  checkpoint: Checkpoint | undefined,
  path: string,
  keys: readonly VerifierKey[],
): Promise<WitnessChecks> {
  const witnesses: Witnessed[] = []
  const failures: Failure[] = []
  for (const key of keys) {
    const signed = checkpoint === undefined ? 'unsigned' : await checkCosignature(checkpoint.note, key)
    if (typeof signed !== 'string' && checkpoint !== undefined) {
      witnesses.push({ name: key.name, at: new Date(signed.seconds * 1000).toISOString(), size: checkpoint.size })
      continue
    }
    const reason =
      signed === 'forged'
        ? `the cosignature of ${key.name} does not fit the checkpoint's text`
        : `there is no cosignature of ${key.name} (key ${key.id})`
    failures.push({ path, leaf: null, code: 'not_witnessed', reason })
  }
  return { witnesses, failures }
}
