import { brokenDatabase, MOST_HEADER_BYTES, type RpmEntry, readPart, sizeOf } from './pages.ts'

const MAGIC = 0x061561
/** Of `db_page.h`: what a page holds. */
const PAGE = { hashUnsorted: 2, overflow: 7, hashMeta: 8, hash: 13 } as const
/** What an item on a page is. */
const ITEM = { keyData: 1, offPage: 3 } as const
/** The head of a page; the offsets of its items follow it. */
const HEAD_BYTES = 26

interface Pages {
  readonly file: number
  readonly size: number
  readonly last: number
  readonly u16: (page: Buffer, at: number) => number
  readonly u32: (page: Buffer, at: number) => number
}

export function isBerkeley(head: Buffer): boolean {
  return head.length >= 16 && (head.readUInt32LE(12) === MAGIC || head.readUInt32BE(12) === MAGIC)
}

/**
 * Every entry of a hash of Berkeley DB 4 and 5, as rpm kept packages in `Packages` until 4.16 (Red Hat 8, CentOS 7, Amazon
 * Linux 2), in the order of its pages: numbers in the byte order of whoever wrote it, a package's number for a key, its header
 * for a value, which lies on a chain of pages of its own where it is long (db_page.h, "Hash page").
 * @param file open for reading. @throws KanpekiError `rpm_database`.
 */
export function* berkeleyEntries(file: number): Generator<RpmEntry> {
  const pages = pagesOf(file)
  const { size, last, u16, u32 } = pages
  for (let number = 1; number <= last; number++) {
    const page = readPart(file, number * size, size)
    const type = page[25]
    if (type !== PAGE.hash && type !== PAGE.hashUnsorted) continue
    const items = u16(page, 20)
    if (HEAD_BYTES + 2 * items > size) throw brokenDatabase(`page ${number} has no room for ${items} items`)
    for (let item = 0; item + 1 < items; item += 2) {
      const key = itemOf(pages, page, number, item)
      if (typeof key === 'string' || key.length !== 4) throw brokenDatabase(`a key on page ${number} is none of a package`)
      const packageNumber = u32(key, 0)
      // The next number is kept under 0.
      if (packageNumber !== 0) yield { number: packageNumber, header: itemOf(pages, page, number, item + 1) }
    }
  }
}

function pagesOf(file: number): Pages {
  const meta = readPart(file, 0, 72)
  const little = meta.readUInt32LE(12) === MAGIC
  const u16 = (page: Buffer, at: number): number => (little ? page.readUInt16LE(at) : page.readUInt16BE(at))
  const u32 = (page: Buffer, at: number): number => (little ? page.readUInt32LE(at) : page.readUInt32BE(at))
  const size = u32(meta, 20)
  if (meta[25] !== PAGE.hashMeta) throw brokenDatabase('its first page is not that of a hash')
  if (meta[24] !== 0 || (meta[26]! & 1) === 1) throw brokenDatabase('it is encrypted or carries checksums, which rpm never wrote')
  if (size < 512 || size > 65_536 || (size & (size - 1)) !== 0) throw brokenDatabase(`a page of ${size} bytes`)
  const last = u32(meta, 32)
  if ((last + 1) * size > sizeOf(file)) throw brokenDatabase(`it has fewer than ${last + 1} pages`)
  return { file, size, last, u16, u32 }
}

/** @returns what an item holds, or why it cannot be had. */
function itemOf(pages: Pages, page: Buffer, number: number, item: number): Buffer | string {
  const { size, u16, u32 } = pages
  const begin = u16(page, HEAD_BYTES + 2 * item)
  const end = item === 0 ? size : u16(page, HEAD_BYTES + 2 * (item - 1))
  if (begin >= end || end > size) throw brokenDatabase(`an item on page ${number} lies outside`)
  const kind = page[begin]
  if (kind === ITEM.keyData) return page.subarray(begin + 1, end)
  if (kind !== ITEM.offPage || begin + 12 > end)
    return `item ${item} of page ${number} is of the kind ${kind}, which rpm does not write`
  return chainOf(pages, u32(page, begin + 4), u32(page, begin + 8))
}

function chainOf({ file, size, last, u16, u32 }: Pages, first: number, length: number): Buffer | string {
  if (length > MOST_HEADER_BYTES) return `a value of ${length} bytes`
  const parts: Buffer[] = []
  let got = 0
  for (let number = first; got < length; ) {
    if (number === 0 || number > last) return `a value of ${length} bytes ends after ${got}`
    const page = readPart(file, number * size, size)
    const here = u16(page, 22)
    // A part without bytes would let a ring of pages go on for ever.
    if (page[25] !== PAGE.overflow || here === 0 || HEAD_BYTES + here > size) return `page ${number} holds no part of a value`
    parts.push(page.subarray(HEAD_BYTES, HEAD_BYTES + here))
    got += here
    number = u32(page, 16)
  }
  return got === length ? Buffer.concat(parts) : `a value of ${length} bytes has ${got}`
}
