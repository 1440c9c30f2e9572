import { brokenDatabase, MOST_HEADER_BYTES, type RpmEntry, readPart, sizeOf } from './pages.ts'

const DATABASE = 'RpmP'
const SLOT = 'Slot'
const BEGIN = 'BlbS'
const PAGE_BYTES = 4096
const SLOT_BYTES = 16
/** The head of the file takes the room of the first two slots. */
const HEAD_BYTES = 32
const BLOCK_BYTES = 16

export function isNdb(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === DATABASE
}

/**
 * Every package in a database of rpm's own kind `ndb` (SUSE's `Packages.db`), in the order of its slots, all numbers little-endian: each slot
 * names a package and where its blob lies in blocks of 16 bytes, which repeats the package's number and tells its length (rpm's
 * lib/backend/ndb/rpmpkg.c). @param file open for reading. @throws KanpekiError `rpm_database`.
 */
export function* ndbEntries(file: number): Generator<RpmEntry> {
  const pages = readPart(file, 0, HEAD_BYTES).readUInt32LE(12)
  if (pages === 0 || pages * PAGE_BYTES > sizeOf(file)) throw brokenDatabase(`it has no room for ${pages} pages of slots`)
  for (let page = 0; page < pages; page++) {
    const slots = readPart(file, page * PAGE_BYTES, PAGE_BYTES)
    for (let at = page === 0 ? HEAD_BYTES : 0; at < PAGE_BYTES; at += SLOT_BYTES) {
      if (slots.toString('latin1', at, at + 4) !== SLOT) throw brokenDatabase(`there is no slot at ${page * PAGE_BYTES + at}`)
      const number = slots.readUInt32LE(at + 4)
      if (number !== 0) yield { number, header: blobAt(file, slots.readUInt32LE(at + 8) * BLOCK_BYTES, number) }
    }
  }
}

function blobAt(file: number, at: number, number: number): Buffer | string {
  const size = sizeOf(file)
  if (at + BLOCK_BYTES > size) return 'it lies beyond the end'
  const head = readPart(file, at, BLOCK_BYTES)
  const length = head.readUInt32LE(12)
  if (head.toString('latin1', 0, 4) !== BEGIN || head.readUInt32LE(4) !== number) return `there is no package at ${at}`
  if (length > MOST_HEADER_BYTES || at + BLOCK_BYTES + length > size) return `${length} bytes have no room`
  return readPart(file, at + BLOCK_BYTES, length)
}
