import { fromBase64, textOf, toBase64, utf8 } from '../verify/bytes.ts'
import { type Checkpoint, parseCheckpoint } from '../verify/checkpoint.ts'
import { HASH_BYTES } from '../verify/merkle.ts'

/** Of C2SP tlog-witness: as many levels as a tree can have. */
const MOST_HASHES = 63

/** The body of `add-checkpoint` (C2SP tlog-witness). */
export interface AddCheckpoint {
  /** Size of the checkpoint that the witness is believed to have cosigned last. */
  readonly old: number
  /** Consistency proof from `old` to the checkpoint. */
  readonly proof: readonly Uint8Array[]
  readonly checkpoint: Checkpoint
}

export function formatAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): string {
  return `old ${old}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${checkpoint.text}`
}

/** Reads such a body; undefined unless it is strictly of the form the specification gives. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint | undefined {
  const text = textOf(body)
  const head = text?.indexOf('\n\n') ?? -1
  if (text === undefined || head < 0) return undefined
  const [first, ...hashes] = text.slice(0, head).split('\n')
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first!)?.[1]
  if (old === undefined || !Number.isSafeInteger(Number(old)) || hashes.length > MOST_HASHES) return undefined
  const proof = hashes.map(fromBase64)
  if (!proof.every((hash): hash is Uint8Array => hash?.length === HASH_BYTES)) return undefined
  const checkpoint = parseCheckpoint(utf8(text.slice(head + 2)))
  return checkpoint === undefined ? undefined : { old: Number(old), proof, checkpoint }
}
