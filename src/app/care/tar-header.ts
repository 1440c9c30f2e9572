import { KanpekiError } from '../../kernel/error.ts'

export const BLOCK = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155
const MOST_OCTAL = 8 ** 11 - 1
const MAGIC = Buffer.from('ustar\x0000')

export interface TarEntry {
  /** Forward slashes, relative. */
  readonly name: string
  /** Bytes. */
  readonly size: number
}

/**
 * The one header that a name and a size have here (POSIX.1-1988 ustar; sizes from 8 GiB on as GNU's base-256): mode 0600,
 * no owner, no time. `tar` reads it; and since nothing in it is free, a reader can compare every byte.
 * @throws KanpekiError `archive_name` for a name that does not fit.
 */
export function tarHeader({ name, size }: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK)
  const [prefix, rest] = splitName(name)
  block.write(rest, 0)
  block.write('0000600\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  writeSize(block, size)
  block.write('00000000000\0', 136)
  block.write('0', 156)
  MAGIC.copy(block, 257)
  block.write(prefix, 345)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/**
 * Reads a header that `tarHeader` wrote, and nothing else: a link, a device, another owner or a changed bit is refused.
 * @throws KanpekiError `archive_broken`.
 */
export function readTarHeader(block: Uint8Array, at: number): TarEntry {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const prefix = textAt(bytes, 345, PREFIX_BYTES)
  const rest = textAt(bytes, 0, NAME_BYTES)
  const entry = { name: prefix === '' ? rest : `${prefix}/${rest}`, size: readSize(bytes) }
  const wellFormed = entry.name !== '' && Number.isSafeInteger(entry.size) && entry.size >= 0
  if (wellFormed && fits(entry.name) && tarHeader(entry).equals(bytes)) return entry
  throw new KanpekiError('archive_broken', `At byte ${at} there is no header of a plain file as a backup has it.`, {
    remedy: 'The file is damaged, or no backup of Kanpeki: take another copy of it.',
  })
}

function splitName(name: string): readonly [prefix: string, rest: string] {
  if (Buffer.byteLength(name) <= NAME_BYTES) return ['', name]
  for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)]
    if (rest !== '' && Buffer.byteLength(rest) <= NAME_BYTES && Buffer.byteLength(prefix) <= PREFIX_BYTES) return [prefix, rest]
  }
  throw new KanpekiError('archive_name', `The path ${name} is too long for a backup.`, { remedy: 'Shorten it to 250 bytes.' })
}

function fits(name: string): boolean {
  try {
    splitName(name)
    return true
  } catch {
    return false
  }
}

function writeSize(block: Buffer, size: number): void {
  if (size <= MOST_OCTAL) {
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
    return
  }
  block[124] = 0x80
  block.writeBigUInt64BE(BigInt(size), 128)
}

function readSize(block: Buffer): number {
  if (block[124] === 0x80) return Number(block.readBigUInt64BE(128))
  const text = textAt(block, 124, 12)
  return /^[0-7]{11}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
}

function textAt(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at)
  return block.toString('utf8', at, end < 0 || end > at + length ? at + length : end)
}
