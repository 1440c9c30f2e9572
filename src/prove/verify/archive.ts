import { concatBytes, textOf, utf8 } from './bytes.ts'

/**
 * An archive that every system opens (ZIP, APPNOTE 6.3), written in one way only: files stored as they are, in the order
 * given, names in ASCII, one fixed time, no extra fields, no comment. So any byte of it that was changed shows.
 */
export interface ArchiveFile {
  readonly path: string
  readonly bytes: Uint8Array
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
/** 1980-01-01 00:00, where the format's clock begins. */
const DOS_DATE = 0x21
const LOCAL_BYTES = 30
const MOST_FILES = 1000

/** What the name of a file in an archive may be: never out of the folder it is unpacked into. */
export function isArchivePath(path: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,4}$/.test(path)
}

/** @throws RangeError for a name that may not stand in an archive, or too many files. */
export function packArchive(files: readonly ArchiveFile[]): Uint8Array {
  if (files.length > MOST_FILES) throw new RangeError(`an archive holds ${MOST_FILES} files`)
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const { path, bytes } of files) {
    if (!isArchivePath(path)) throw new RangeError(`${JSON.stringify(path)} is no name for a file in an archive`)
    const name = utf8(path)
    const facts = factsOf(bytes, name.length)
    const local = concatBytes(numbers([LOCAL, 4]), facts, name, bytes)
    parts.push(local)
    directory.push(concatBytes(numbers([CENTRAL, 4], [20, 2]), facts, numbers([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), name))
    offset += local.length
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0)
  const end = numbers([END, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2])
  return concatBytes(...parts, ...directory, end)
}

/** Version, flags, method, time, date, checksum, sizes and the lengths of name and extra field: alike in both headers. */
function factsOf(bytes: Uint8Array, name: number): Uint8Array {
  return numbers(
    [20, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [DOS_DATE, 2],
    [crc32(bytes), 4],
    [bytes.length, 4],
    [bytes.length, 4],
    [name, 2],
    [0, 2],
  )
}

/**
 * Reads an archive of this form. `fault` says that it is not byte for byte as `packArchive` writes it; a text, that its files
 * cannot be told apart at all.
 */
export function unpackArchive(
  bytes: Uint8Array,
): { readonly files: readonly ArchiveFile[]; readonly fault: string | undefined } | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const files: ArchiveFile[] = []
  let at = 0
  while (at + LOCAL_BYTES <= bytes.length && view.getUint32(at, true) === LOCAL) {
    if (files.length >= MOST_FILES) return `the archive holds more than ${MOST_FILES} files`
    const method = view.getUint16(at + 8, true)
    const flags = view.getUint16(at + 6, true)
    const size = view.getUint32(at + 18, true)
    const nameBytes = view.getUint16(at + 26, true)
    const from = at + LOCAL_BYTES + nameBytes + view.getUint16(at + 28, true)
    if (method !== 0 || flags !== 0) return 'another program packed this archive: unpack it, and verify the folder'
    if (from + size > bytes.length) return 'the archive is cut off'
    const path = textOf(bytes.subarray(at + LOCAL_BYTES, at + LOCAL_BYTES + nameBytes))
    if (path === undefined || !isArchivePath(path)) return 'a file in the archive has a name that none may have'
    if (files.some((file) => file.path === path)) return `the archive holds ${path} twice`
    files.push({ path, bytes: bytes.subarray(from, from + size) })
    at = from + size
  }
  if (files.length === 0) return 'this is not an archive'
  const again = packArchive(files)
  const same = again.length === bytes.length && again.every((byte, index) => byte === bytes[index])
  return { files, fault: same ? undefined : 'the frame of the archive was changed, or another program packed it' }
}

export function isArchive(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4
}

/** Little-endian numbers, each with its length in bytes. */
function numbers(...parts: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, [, size]) => sum + size, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [value, size] of parts) {
    if (size === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += size
  }
  return bytes
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** CRC-32 as ZIP wants it. It finds slips, not forgeries: hashes do. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!
  return (crc ^ 0xffffffff) >>> 0
}
