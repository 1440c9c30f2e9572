import { longTexts } from '../../platform/lake/column-room.ts'
import { batchRoot } from '../../prove/batch-root.ts'

/** Whose root is asked for: the batch's secret, hexadecimal, and its documents as `LakeRows.documents` gives them. */
export interface Unrooted {
  readonly salt: string
  readonly documents: Uint8Array
}

/** RFC 6962 root over the events of a batch, hexadecimal; empty where there are none. */
export function rootOf({ salt, documents }: Unrooted): string {
  return documents.length === 0 ? '' : batchRoot(salt, longTexts(documents))
}
