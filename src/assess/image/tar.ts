import { KanpekiError } from '../../kernel/error.ts'

const BLOCK = 512
/** One file that is kept: no package database or manifest is larger. */
const MOST_KEPT = 256 * 2 ** 20
const MOST_ENTRIES = 5_000_000

export interface TarEntry {
  /** As written, without `./` before it; told, and never used as a path. */
  readonly name: string
  readonly type: 'file' | 'folder' | 'link' | 'other'
  /** Where its body begins in the archive. */
  readonly offset: number
  readonly size: number
  /** The body of a wanted file; empty otherwise. */
  readonly bytes: Buffer
  /** Of a hard link: the name under which the archive holds the same file. */
  readonly same?: string
}

/**
 * Reads a tar archive as it streams by (ustar, GNU long names, pax paths). Bodies are kept for wanted files alone.
 * @throws KanpekiError `tar_invalid` for what is cut off, or no tar.
 */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  wanted: (name: string, size: number, mode: number) => boolean,
): AsyncGenerator<TarEntry> {
  const source = new Blocks(chunks, file)
  let longName: string | undefined
  let longLink: string | undefined
  for (let number = 0; ; number++) {
    if (number > MOST_ENTRIES) throw source.broken('it has too many entries')
    const header = await source.take(BLOCK)
    if (header === undefined || header.every((byte) => byte === 0)) return
    if (!sumIsRight(header)) throw source.broken('a header is damaged, or it is no tar')
    const size = sizeOf(header)
    const flag = String.fromCharCode(header[156]!)
    const name = withoutRoot(longName ?? nameIn(header))
    const padded = Math.ceil(size / BLOCK) * BLOCK
    if (flag === 'L' || flag === 'K' || flag === 'x' || flag === 'g') {
      if (size > 2 ** 20) throw source.broken('a name is too long')
      const body = (await source.exactly(padded)).subarray(0, size).toString('utf8')
      if (flag === 'L') longName = body.replace(/\0.*$/s, '')
      if (flag === 'K') longLink = body.replace(/\0.*$/s, '')
      if (flag === 'x') {
        longName = paxOf(body, 'path') ?? longName
        longLink = paxOf(body, 'linkpath') ?? longLink
      }
      continue
    }
    const same = flag === '1' ? { same: withoutRoot(longLink ?? textAt(header, 157, 100)) } : {}
    longName = undefined
    longLink = undefined
    const type =
      flag === '0' || flag === '\0' || flag === '7'
        ? 'file'
        : flag === '5'
          ? 'folder'
          : flag === '1' || flag === '2'
            ? 'link'
            : 'other'
    const offset = source.at
    const keep = type === 'file' && wanted(name, size, Number.parseInt(textAt(header, 100, 8).trim() || '0', 8))
    if (keep && size > MOST_KEPT) throw source.broken(`${name} is larger than ${MOST_KEPT / 2 ** 20} MB`)
    const bytes = keep ? (await source.exactly(padded)).subarray(0, size) : EMPTY
    if (!keep) await source.skip(padded)
    yield { name, type, offset, size, bytes, ...same }
  }
}

const EMPTY = Buffer.alloc(0)

/** Bytes of a stream, some at a time. */
class Blocks {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #file: string
  #rest: Buffer = EMPTY
  at = 0

  constructor(chunks: AsyncIterable<Uint8Array>, file: string) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#file = file
  }

  broken(reason: string): KanpekiError {
    return new KanpekiError('tar_invalid', `${this.#file} cannot be read as a tar archive: ${reason}.`, {
      place: { file: this.#file },
      remedy: 'Save the image again.',
    })
  }

  /** Undefined at the end. */
  async take(count: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = []
    let have = 0
    while (have < count) {
      if (this.#rest.length === 0 && !(await this.#more())) break
      const part = this.#rest.subarray(0, count - have)
      this.#rest = this.#rest.subarray(part.length)
      parts.push(part)
      have += part.length
    }
    this.at += have
    if (have === 0) return undefined
    if (have < count) throw this.broken('it is cut off')
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  async exactly(count: number): Promise<Buffer> {
    if (count === 0) return EMPTY
    const bytes = await this.take(count)
    if (bytes === undefined) throw this.broken('it is cut off')
    return bytes
  }

  async skip(count: number): Promise<void> {
    let left = count
    while (left > 0) {
      if (this.#rest.length === 0 && !(await this.#more())) throw this.broken('it is cut off')
      const passed = Math.min(left, this.#rest.length)
      this.#rest = this.#rest.subarray(passed)
      left -= passed
    }
    this.at += count
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next()
    if (done === true) return false
    this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return this.#rest.length > 0 || (await this.#more())
  }
}

function sumIsRight(header: Buffer): boolean {
  const stated = Number.parseInt(textAt(header, 148, 8).trim(), 8)
  let sum = 0
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : header[at]!
  return sum === stated
}

/** Octal; beyond 8 GB base 256 with the first bit set (GNU). */
function sizeOf(header: Buffer): number {
  if ((header[124]! & 0x80) === 0) return Number.parseInt(textAt(header, 124, 12).trim() || '0', 8) || 0
  return Number(header.readBigUInt64BE(128))
}

function nameIn(header: Buffer): string {
  const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : ''
  const name = textAt(header, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

function textAt(header: Buffer, offset: number, length: number): string {
  return header.toString('utf8', offset, offset + length).replace(/\0.*$/s, '')
}

const withoutRoot = (name: string): string => name.replace(/^(\.?\/)+/, '')

/** Records of `LENGTH KEY=VALUE\n` (POSIX pax). */
function paxOf(body: string, key: 'path' | 'linkpath'): string | undefined {
  return new RegExp(`(?:^|\\n)\\d+ ${key}=([^\\n]*)\\n`).exec(body)?.[1]
}
