import type { EntryProofView } from '../../../src/prove/schema.ts'
import { equalBytes, fromBase64, utf8 } from '../../../src/prove/verify/bytes.ts'
import { parseCheckpoint } from '../../../src/prove/verify/checkpoint.ts'
import { leafHash, rootOfInclusion } from '../../../src/prove/verify/merkle.ts'
import { checkNote, parseVerifierKey } from '../../../src/prove/verify/note.ts'
import { type CheckedRotation, checkRotation, followKeys } from '../../../src/prove/verify/rotation.ts'

export const CHECKS = ['content', 'path', 'signature', 'key'] as const
export type Check = (typeof CHECKS)[number]

export interface Verdict {
  /** Passed or failed, in the order of CHECKS; a check that could not be reached is absent. */
  readonly checks: Readonly<Partial<Record<Check, boolean>>>
  readonly ok: boolean
  readonly milliseconds: number
}

/**
 * Proves an entry with nothing but its text, the path and the signed head, on this machine: the text hashes to the leaf,
 * the leaf leads to the signed root, the signature is by the key, and the key is the one this browser met before, or one that
 * it announced.
 * `knownKey` is undefined on first use; the key is then taken on trust and kept by the caller.
 */
export async function verifyEntry(entry: EntryProofView, knownKey: string | undefined): Promise<Verdict> {
  const started = performance.now()
  const done = (checks: Verdict['checks']): Verdict => ({
    checks,
    ok: CHECKS.every((check) => checks[check] === true),
    milliseconds: performance.now() - started,
  })
  const leaf = leafHash(utf8(entry.canonical))
  const claimed = fromBase64(entry.leaf)
  const content = claimed !== undefined && equalBytes(leaf, claimed)
  const key = parseVerifierKey(entry.key)
  const checkpoint = parseCheckpoint(utf8(entry.checkpoint))
  const known = knownKey === undefined || knownKey === entry.key || (await leadsTo(entry, knownKey))
  if (key === undefined || checkpoint === undefined) return done({ content, signature: false })
  const siblings = entry.proof.map((step) => fromBase64(step.hash))
  const whole = siblings.filter((sibling) => sibling !== undefined)
  const reached = whole.length === siblings.length ? rootOfInclusion(leaf, entry.index, checkpoint.size, whole) : undefined
  const path = reached !== undefined && equalBytes(reached, checkpoint.root)
  const signature = (await checkNote(checkpoint.note, key)) === undefined
  return done({ content, path, signature, key: known })
}

/** Whether the key that is known announced the one that signs, over any number of changes. */
async function leadsTo({ rotations, key }: EntryProofView, knownKey: string): Promise<boolean> {
  const trusted = parseVerifierKey(knownKey)
  if (trusted === undefined) return false
  const checked: CheckedRotation[] = []
  for (const rotation of rotations) {
    const one = await checkRotation(rotation)
    const last = checked.at(-1)
    if (typeof one === 'string' || (last !== undefined && last.to.text !== one.from.text)) return false
    checked.push(one)
  }
  return followKeys([trusted], checked).head.some(({ text }) => text === key)
}

const KEPT = 'kanpeki.ledger-key'

/** The log's key as this browser first saw it, per origin. */
export function rememberedKey(): string | undefined {
  try {
    return localStorage.getItem(KEPT) ?? undefined
  } catch {
    return undefined
  }
}

export function rememberKey(key: string): void {
  try {
    localStorage.setItem(KEPT, key)
  } catch {
    // Without storage every visit is a first one; the check list says so.
  }
}
