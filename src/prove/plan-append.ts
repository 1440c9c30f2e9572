import type { LedgerEntry } from '../kernel/evidence.ts'
import type { EncodedEntries } from './encode-entries.ts'
import type { Tip } from './ledger-tip.ts'
import { nativeTiles } from './native-tiles.ts'
import { concatBytes, utf8 } from './verify/bytes.ts'
import { parseCheckpoint } from './verify/checkpoint.ts'
import { hashesAtLevel, TILE_WIDTH, type TileId } from './verify/tiles.ts'

/** What an append writes, and the tip it leads to. */
export interface Plan {
  readonly tip: Tip
  readonly files: readonly { readonly id: TileId; readonly bytes: Uint8Array }[]
}

/** @param sign makes the checkpoint's text. */
export function planAppend(
  tip: Tip,
  entries: readonly LedgerEntry[],
  { bytes, ends, leaves }: EncodedEntries,
  sign: (size: number, root: Uint8Array) => string,
): Plan {
  const before = tip.head.size
  const builder = nativeTiles(before, tip.edge)
  const files: { id: TileId; bytes: Uint8Array }[] = []
  let from = 0
  const bundleUpTo = (to: number): Uint8Array => {
    const own = bytes.subarray(from, to)
    const bundle = from === 0 && tip.bundle.length > 0 ? concatBytes(tip.bundle, own) : own
    from = to
    return bundle
  }
  for (const [at, leaf] of leaves.entries()) {
    for (const full of builder.push(leaf)) {
      files.push({ id: { level: full.level, index: full.index, width: TILE_WIDTH }, bytes: concatBytes(...full.hashes) })
      if (full.level > 0) continue
      files.push({ id: { level: 'entries', index: full.index, width: TILE_WIDTH }, bytes: bundleUpTo(ends[at]!) })
    }
  }
  // A copy: what is kept until the next append must not keep this one's bytes.
  const rest = Uint8Array.from(bundleUpTo(bytes.length))
  for (const [level, hashes] of builder.edge.entries()) {
    const index = Math.floor(hashesAtLevel(builder.size, level) / TILE_WIDTH)
    if (hashes.length === 0 || hashesAtLevel(builder.size, level) === hashesAtLevel(before, level)) continue
    files.push({ id: { level, index, width: hashes.length }, bytes: concatBytes(...hashes) })
    if (level === 0) files.push({ id: { level: 'entries', index, width: hashes.length }, bytes: rest })
  }
  const last = entries[entries.length - 1]!
  const checkpoint = parseCheckpoint(utf8(sign(builder.size, builder.root())))
  if (checkpoint === undefined) throw new TypeError('a checkpoint of our own that does not parse')
  const head = { checkpoint, size: builder.size, outbox: last.outbox, logged: last.logged }
  return { tip: { head, edge: builder.edge, bundle: rest }, files }
}
