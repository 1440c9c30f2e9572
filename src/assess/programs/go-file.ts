import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { GO_MAGIC, goBuildInfo } from '../image/go-binary.ts'

/** No list of modules is longer. */
const MOST_INFO = 8 * 2 ** 20
/** Programs of other systems are searched as far as this, for their parts are not read. */
const MOST_SEARCHED = 256 * 2 ** 20
const CHUNK = 2 ** 20
/** Programs that read such programs hold the magic, too. */
const MOST_PLACES = 64
const MOST_HEADERS = 4 * 2 ** 20

/** Whether a file may be a program, by its rights and name. Libraries and scripts are none. @param mode of the file's rights. */
export const mayBeProgram = (name: string, mode: number): boolean =>
  ((mode & 0o111) !== 0 && !/\.(so(\.[\d.]+)?|sh|py|pl|js|rb)$/i.test(name)) || /\.exe$/i.test(name)

/**
 * What a Go program on a disk was built of (`goBuildInfo`), without reading the whole of it; undefined for anything else. Only a
 * regular file is read: no link is followed, and no pipe or device is waited for.
 * @throws Error of the file system, and where the file is a program too large to search.
 */
export async function goInfoOf(file: string): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) return undefined
    const head = await part(handle, 0, 64)
    if (head.length < 64) return undefined
    if (head.readUInt32BE(0) === 0x7f454c46) {
      const place = await elfPlace(handle, head)
      if (place === 'none') return undefined
      if (place !== 'unknown') return goBuildInfo(await part(handle, place.at, Math.min(place.size, MOST_INFO)))
    } else if (!isOtherProgram(head)) return undefined
    if (facts.size > MOST_SEARCHED) throw new RangeError(`it is a program larger than ${MOST_SEARCHED / 2 ** 20} MB`)
    return await searched(handle, facts.size)
  } finally {
    await handle.close()
  }
}

/** Windows (PE) and macOS (Mach-O, of one architecture or several). */
function isOtherProgram(head: Buffer): boolean {
  const magic = head.readUInt32BE(0)
  return magic >>> 16 === 0x4d5a || [0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe].includes(magic)
}

/** Where the section `.go.buildinfo` lies (ELF, System V ABI); unknown where a program has no table of sections. */
async function elfPlace(
  handle: FileHandle,
  head: Buffer,
): Promise<'none' | 'unknown' | { readonly at: number; readonly size: number }> {
  const wide = head[4] === 2
  const big = head[5] === 2
  const short = (from: Buffer, at: number): number => (big ? from.readUInt16BE(at) : from.readUInt16LE(at))
  const word = (from: Buffer, at: number): number => (big ? from.readUInt32BE(at) : from.readUInt32LE(at))
  const long = (from: Buffer, at: number): number => {
    if (!wide) return word(from, at)
    return Number(big ? from.readBigUInt64BE(at) : from.readBigUInt64LE(at))
  }
  const table = long(head, wide ? 40 : 32)
  const [entry, count, names] = wide ? [58, 60, 62].map((at) => short(head, at)) : [46, 48, 50].map((at) => short(head, at))
  if (table === 0 || !entry || !count || names === undefined || entry < (wide ? 64 : 40)) return 'unknown'
  const headers = await part(handle, table, Math.min(entry * count, MOST_HEADERS))
  if (headers.length < entry * count || names >= count) return 'unknown'
  const lies = (index: number) => ({
    at: long(headers, index * entry + (wide ? 24 : 16)),
    size: long(headers, index * entry + (wide ? 32 : 20)),
  })
  const texts = lies(names)
  const text = await part(handle, texts.at, Math.min(texts.size, CHUNK))
  const wanted = Buffer.from('\0.go.buildinfo\0')
  for (let index = 0; index < count; index++) {
    const named = word(headers, index * entry)
    if (named > 0 && text.subarray(named - 1, named - 1 + wanted.length).equals(wanted)) return lies(index)
  }
  return 'none'
}

async function searched(handle: FileHandle, size: number): Promise<string | undefined> {
  let places = 0
  for (let from = 0; from < size; from += CHUNK) {
    const bytes = await part(handle, from, CHUNK + GO_MAGIC.length - 1)
    for (let at = bytes.indexOf(GO_MAGIC); at >= 0; at = bytes.indexOf(GO_MAGIC, at + 1)) {
      const info = goBuildInfo(await part(handle, from + at, MOST_INFO))
      places += 1
      if (info !== undefined || places === MOST_PLACES) return info
    }
  }
  return undefined
}

/** As many bytes from there as the file has, at most `size`. */
async function part(handle: FileHandle, at: number, size: number): Promise<Buffer> {
  if (!Number.isSafeInteger(at) || at < 0 || !(size > 0)) return Buffer.alloc(0)
  const bytes = Buffer.allocUnsafe(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, at + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
