import type { SignedNote, VerifierKey } from './note.ts'
import { checkNote, type NoteFault, parseVerifierKey } from './note.ts'

/** One thing that does not prove. `leaf` is the entry's index where there is one. */
export interface Failure {
  /** The file, relative to what was verified; inside a bundle a JSON pointer follows after `#`. */
  readonly path: string
  readonly leaf: number | null
  /** For programs and translations. */
  readonly code: FailureCode
  /** For people, in English. */
  readonly reason: string
}

export const FAILURE_CODES = [
  'missing',
  'malformed',
  'bad_signature',
  'wrong_signer',
  'wrong_key_file',
  'root_mismatch',
  'tile_mismatch',
  'entry_mismatch',
  'stale_tile_mismatch',
  'entry_invalid',
  'outbox_gap',
  'segment_mismatch',
  'segment_missing',
  'batch_missing',
  'batch_mismatch',
  'event_mismatch',
  'inclusion_failed',
  'digest_mismatch',
  'subject_absent',
  'not_contiguous',
  'rolled_back',
  'forked',
  'since_unprovable',
  'not_witnessed',
  'rotation_broken',
  'card_mismatch',
  'artefact_missing',
  'artefact_mismatch',
  'timestamp_malformed',
  'timestamp_mismatch',
  'timestamp_forged',
  'timestamp_untrusted',
  'not_timestamped',
] as const
export type FailureCode = (typeof FAILURE_CODES)[number]

/** `consistent`: all hashes agree, but nobody vouches for the key that signed. Only `proved` is a proof. */
export type Verdict = 'proved' | 'consistent' | 'failed'

export interface Checked {
  readonly entries: number
  readonly tiles: number
  readonly segments: number
  readonly segmentBytes: number
  readonly events: number
  /** Older checkpoints that were shown to be prefixes. */
  readonly checkpoints: number
}

/** A witness that vouches for a checkpoint: at that time it knew of no other history of the log. */
export interface Witnessed {
  readonly name: string
  /** RFC 3339 UTC, by the witness's clock. */
  readonly at: string
  /** Size of the checkpoint that it cosigned. */
  readonly size: number
}

/** A time-stamp that holds. */
export interface Stamped {
  readonly authority: string
  /** RFC 3339 UTC, by the authority's clock. */
  readonly at: string
  /** Entries that were in the log by then. */
  readonly size: number
  /** Whether the authority's certificate leads to one that was given. */
  readonly trusted: boolean
}

/** What an entry that was read says of a version of a card. */
export interface CardFact {
  readonly index: number
  readonly card: string
  readonly change: 'written' | 'signed' | 'in-force'
  /** Of the version, hexadecimal. */
  readonly hash: string
}

export interface VerifyReport {
  readonly kind: 'data' | 'bundle'
  readonly verdict: Verdict
  /** Name of the key, given or trusted before, that signed; null when the signer is not verified. */
  readonly signer: string | null
  /** The key that the evidence itself names; nobody has vouched for it. */
  readonly claims: string | null
  readonly origin: string | null
  readonly size: number
  readonly root: string | null
  readonly failures: readonly Failure[]
  /** What is worth knowing and is no failure. */
  readonly notes: readonly string[]
  readonly checked: Checked
  /** Those of the witnesses asked for that vouch for the log. */
  readonly witnesses: readonly Witnessed[]
  /** Time-stamps that hold, oldest first. */
  readonly stamps: readonly Stamped[]
  /** Versions of cards, oldest first. */
  readonly cards: readonly CardFact[]
  /** When the first and last of the entries that were read were logged. */
  readonly logged: { readonly first: string; readonly last: string } | null
}

export interface SignerCheck {
  readonly signer: string | null
  readonly failures: readonly Failure[]
}

/**
 * Checks a checkpoint's signature with the trusted key of its origin, or, without one, with the key that comes along.
 * @param trusted keys given by the caller; a log signs with the key that carries its origin as name.
 * @param claimed text of the key that comes with the evidence, if any, and where it stands.
 */
export async function checkSigner(
  checkpoint: { readonly origin: string; readonly note: SignedNote },
  path: string,
  trusted: readonly VerifierKey[],
  claimed: { readonly text: string; readonly path: string } | undefined,
): Promise<SignerCheck> {
  const failures: Failure[] = []
  let signer: string | null = null
  if (trusted.length > 0) {
    const own = trusted.filter((key) => key.name === checkpoint.origin)
    if (own.length === 0) {
      const names = trusted.map((key) => key.name).join(', ')
      const reason = `the log calls itself ${checkpoint.origin}; the key given is of ${names}`
      failures.push({ path, leaf: null, code: 'wrong_signer', reason })
    } else {
      const faults = await Promise.all(own.map((key) => checkNote(checkpoint.note, key)))
      if (faults.includes(undefined)) signer = checkpoint.origin
      else failures.push(signatureFailure(path, faults.includes('forged') ? 'forged' : 'unsigned', own[0]!))
    }
  }
  if (claimed !== undefined && !trusted.some((key) => key.text === claimed.text)) {
    failures.push(...(await checkClaimed(checkpoint, path, claimed, trusted)))
  }
  return { signer, failures: distinct(failures) }
}

/** A key's text carries its own hash, so a readable key that did not sign points at the checkpoint, unless we know better. */
async function checkClaimed(
  checkpoint: { readonly origin: string; readonly note: SignedNote },
  path: string,
  claimed: { readonly text: string; readonly path: string },
  trusted: readonly VerifierKey[],
): Promise<readonly Failure[]> {
  const key = parseVerifierKey(claimed.text)
  const keyFailure = (reason: string): readonly Failure[] => [{ path: claimed.path, leaf: null, code: 'wrong_key_file', reason }]
  if (key === undefined) return keyFailure('this is not an Ed25519 verifier key')
  if (trusted.some((known) => known.name === key.name)) return keyFailure(`this is not the key that is trusted for ${key.name}`)
  if (key.name !== checkpoint.origin) {
    const reason = `the checkpoint is of ${checkpoint.origin}, the key beside it of ${key.name}`
    return [{ path, leaf: null, code: 'wrong_signer', reason }]
  }
  const fault = await checkNote(checkpoint.note, key)
  return fault === undefined ? [] : [signatureFailure(path, fault, key)]
}

function signatureFailure(path: string, fault: NoteFault, key: VerifierKey): Failure {
  return fault === 'unsigned'
    ? { path, leaf: null, code: 'wrong_signer', reason: `the checkpoint is not signed by ${key.name} (key ${key.id})` }
    : { path, leaf: null, code: 'bad_signature', reason: `the signature of ${key.name} does not fit the checkpoint's text` }
}

function distinct(failures: readonly Failure[]): readonly Failure[] {
  return failures.filter(
    (one, at) => failures.findIndex((other) => other.path === one.path && other.reason === one.reason) === at,
  )
}

export function verdictOf(failures: readonly Failure[], signer: string | null): Verdict {
  if (failures.length > 0) return 'failed'
  return signer === null ? 'consistent' : 'proved'
}
