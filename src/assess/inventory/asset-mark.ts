import { crc32 } from 'node:zlib'
import { storable } from '../../platform/state/storable.ts'

/** SQLite keeps a number this small in three bytes, and writes fewer pages for it. */
const THREE_BYTES = 0x7f_ffff

/**
 * A number by which the findings of an asset are found. Several assets may share one: ask for the name beside it. The names
 * themselves in an index made a new advisory that all assets have write twice as many pages.
 */
export function assetMark(asset: string): number {
  // Of the name as it will be read back.
  return crc32(String(storable(asset))) & THREE_BYTES
}
