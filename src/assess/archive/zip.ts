import { crc32, inflateRawSync } from 'node:zlib'
import { KanpekiError } from '../../kernel/error.ts'

/** Entries and bytes that an archive may hold once unpacked; a feed of today has some 400,000 entries and 2 GB. */
const MOST_ENTRIES = 2_000_000
const MOST_BYTES = 8 * 2 ** 30
/** One entry: what is larger than this is no advisory. */
const MOST_ENTRY_BYTES = 256 * 2 ** 20

const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const FULL_32 = 0xffffffff

export interface ZipEntry {
  readonly name: string
  readonly bytes: Buffer
}

/** What the directory says of an entry's content. */
export interface ZipMark {
  /** CRC-32 of what it unpacks to. */
  readonly crc: number
  readonly size: number
}

/**
 * Reads a ZIP archive (APPNOTE 6.3.10; stored and deflated entries, ZIP64) from memory, one entry at a time. Names are
 * told and never used as paths: nothing is written anywhere.
 * @param wanted asked of each entry in the order of the directory; what is not wanted is not unpacked.
 * @throws KanpekiError `zip_invalid` for what is broken, encrypted, or unpacks to more than a feed can hold.
 */
export function* readZip(bytes: Buffer, file: string, wanted: (name: string, mark: ZipMark) => boolean): Generator<ZipEntry> {
  const fail = (reason: string): never => {
    throw new KanpekiError('zip_invalid', `${file} cannot be read as a ZIP archive: ${reason}.`, {
      place: { file },
      remedy: 'Fetch the file again and compare its checksum.',
    })
  }
  const { offset, count, before } = directoryOf(bytes) ?? fail('it has no central directory')
  if (count > MOST_ENTRIES) fail(`it has ${count} entries`)
  let at = offset
  let unpacked = 0
  for (let number = 0; number < count; number++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) fail(`entry ${number + 1} of its directory is cut off`)
    const entry = centralEntry(bytes, at, before)
    at = entry.next
    if (entry.name.endsWith('/') || !wanted(entry.name, entry)) continue
    if ((entry.flags & 1) === 1) fail(`${entry.name} is encrypted`)
    if (entry.size > MOST_ENTRY_BYTES) fail(`${entry.name} would unpack to ${entry.size} bytes`)
    unpacked += entry.size
    if (unpacked > MOST_BYTES) fail('it unpacks to more than a feed can hold')
    yield { name: entry.name, bytes: unpack(bytes, entry) ?? fail(`${entry.name} is broken`) }
  }
}

interface Directory {
  readonly offset: number
  readonly count: number
  /** Bytes that stand before the archive and that its places do not count: a script that starts a Java program. */
  readonly before: number
}

function directoryOf(bytes: Buffer): Directory | undefined {
  // The end record may be followed by a comment of at most 65,535 bytes.
  const first = Math.max(0, bytes.length - 22 - 0xffff)
  for (let at = bytes.length - 22; at >= first; at--) {
    if (bytes.readUInt32LE(at) !== END) continue
    const plain = placed(bytes, bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 16), at - bytes.readUInt32LE(at + 12))
    if (plain.count !== 0xffff && bytes.readUInt32LE(at + 16) !== FULL_32) return plain
    if (at < 20 || bytes.readUInt32LE(at - 20) !== LOCATOR_64) return plain
    const place = Number(bytes.readBigUInt64LE(at - 12))
    if (place + 56 > bytes.length || bytes.readUInt32LE(place) !== END_64) return undefined
    return { count: Number(bytes.readBigUInt64LE(place + 32)), offset: Number(bytes.readBigUInt64LE(place + 48)), before: 0 }
  }
  return undefined
}

/** @param ends where the directory begins if it ends at its end record. */
function placed(bytes: Buffer, count: number, offset: number, ends: number): Directory {
  const isAt = (place: number): boolean => place >= 0 && place + 4 <= bytes.length && bytes.readUInt32LE(place) === CENTRAL
  return !isAt(offset) && ends > offset && isAt(ends)
    ? { count, offset: ends, before: ends - offset }
    : { count, offset, before: 0 }
}

interface Central extends ZipMark {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly packed: number
  readonly local: number
  readonly next: number
}

function centralEntry(bytes: Buffer, at: number, before: number): Central {
  const names = bytes.readUInt16LE(at + 28)
  const extras = bytes.readUInt16LE(at + 30)
  const comments = bytes.readUInt16LE(at + 32)
  const plain = { size: bytes.readUInt32LE(at + 24), packed: bytes.readUInt32LE(at + 20), local: bytes.readUInt32LE(at + 42) }
  const far = long(plain, bytes.subarray(at + 46 + names, at + 46 + names + extras))
  return {
    name: bytes.toString('utf8', at + 46, at + 46 + names),
    flags: bytes.readUInt16LE(at + 8),
    method: bytes.readUInt16LE(at + 10),
    crc: bytes.readUInt32LE(at + 16),
    ...far,
    local: far.local + before,
    next: at + 46 + names + extras + comments,
  }
}

/** Sizes and places that need 64 bits stand in an extra field, in this order, only those that are full (4.5.3). */
function long(plain: { size: number; packed: number; local: number }, extras: Buffer) {
  const found = { ...plain }
  for (let at = 0; at + 4 <= extras.length; at += 4 + extras.readUInt16LE(at + 2)) {
    if (extras.readUInt16LE(at) !== 1) continue
    let place = at + 4
    for (const key of ['size', 'packed', 'local'] as const) {
      if (found[key] !== FULL_32 || place + 8 > extras.length) continue
      found[key] = Number(extras.readBigUInt64LE(place))
      place += 8
    }
  }
  return found
}

function unpack(bytes: Buffer, { local, packed, size, method, crc }: Central): Buffer | undefined {
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL) return undefined
  const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const data = bytes.subarray(begin, begin + packed)
  if (data.length !== packed) return undefined
  if (method === 0) return packed === size && crc32(data) === crc ? data : undefined
  if (method !== 8) return undefined
  try {
    // A directory that lies about the size unpacks no further than it said.
    const plain = inflateRawSync(data, { maxOutputLength: Math.max(1, size) })
    return plain.length === size && crc32(plain) === crc ? plain : undefined
  } catch {
    return undefined
  }
}
