import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { KanpekiError } from '../../kernel/error.ts'
import { createZstdFramesDecompress } from '../../platform/zstd-frames.ts'

const CHUNK = 1 << 20
/** What is read in place stays in the processor's cache while it is looked at. */
const PLACE = 1 << 18

/** What the first bytes say a file is, where that decides how (or whether) it can be read. */
const MAGIC: readonly { readonly bytes: readonly number[]; readonly kind: 'gzip' | 'zstd' | 'evtx' | 'archive' | 'parquet' }[] = [
  { bytes: [0x1f, 0x8b], kind: 'gzip' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], kind: 'zstd' },
  // A skippable frame, with which pzstd begins.
  { bytes: [0x50, 0x2a, 0x4d, 0x18], kind: 'zstd' },
  { bytes: [...Buffer.from('ElfFile\0')], kind: 'evtx' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], kind: 'archive' },
  { bytes: [...Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1')], kind: 'archive' },
  { bytes: [...Buffer.from('PAR1')], kind: 'parquet' },
]

type Magic = (typeof MAGIC)[number]['kind'] | 'plain'

export function magicOf(head: Buffer): Magic {
  return MAGIC.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte))?.kind ?? 'plain'
}

function unreadable(file: string, reason: string, remedy: string): KanpekiError {
  return new KanpekiError('input-unreadable', reason, { place: { file }, remedy })
}

function refuseBinary(file: string, magic: Magic): void {
  if (magic === 'archive') throw unreadable(file, 'this is an archive.', 'Unpack it and give the files inside.')
  if (magic === 'parquet') throw unreadable(file, 'this is a Parquet file.', 'Convert it to JSON lines.')
}

async function* stream(file: string): AsyncGenerator<Buffer> {
  if (file !== '-' && statSync(file).isFile()) {
    yield* readFile(file)
    return
  }
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK })
  for await (const chunk of source) yield chunk as Buffer
}

/**
 * A file on disk is read in place: handing each chunk through a thread costs more than the read. A chunk is only valid until the next,
 * which overwrites it, but for compressed files: unpacking goes on behind.
 */
function* readFile(file: string): Generator<Buffer> {
  const handle = openSync(file, 'r')
  try {
    const place = Buffer.allocUnsafeSlow(PLACE)
    let isPacked: boolean | undefined
    for (;;) {
      const length = readSync(handle, place, 0, PLACE, null)
      if (length === 0) return
      isPacked ??= length < 8 || ['gzip', 'zstd'].includes(magicOf(place.subarray(0, length)))
      yield isPacked ? Buffer.from(place.subarray(0, length)) : place.subarray(0, length)
    }
  } finally {
    closeSync(handle)
  }
}

async function* decompressed(source: AsyncIterable<Buffer>, magic: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  const unpack = magic === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createZstdFramesDecompress({ chunkSize: CHUNK })
  const feed = (async () => {
    try {
      for await (const chunk of source) {
        if (!unpack.write(chunk)) await new Promise<void>((resolve) => unpack.once('drain', resolve))
      }
      unpack.end()
    } catch (error) {
      unpack.destroy(error as Error)
    }
  })()
  for await (const chunk of unpack) yield chunk as Buffer
  await feed
}

/**
 * The bytes of a file (`-`: standard input), decompressed where they are gzip or zstd, in chunks, of which each is valid until the next.
 * Throws `input-unreadable` with the remedy for what is neither text nor a Windows event log.
 */
export async function* readBytes(file: string): AsyncGenerator<Buffer> {
  try {
    const source = stream(file)
    const first = await source.next()
    if (first.done === true) return
    let head = first.value
    while (head.length < 8) {
      const next = await source.next()
      if (next.done === true) break
      head = Buffer.concat([head, next.value])
    }
    const magic = magicOf(head)
    refuseBinary(file, magic)
    const rest = prepend(head, source)
    if (magic === 'gzip' || magic === 'zstd') yield* inspected(file, decompressed(rest, magic))
    else yield* inspected(file, rest)
  } catch (error) {
    if (error instanceof KanpekiError) throw error
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') throw unreadable(file, 'this is a folder.', 'Name the files in it.')
    throw new KanpekiError('input-unreadable', `${(error as Error).message}.`, {
      place: { file },
      remedy: 'Check the path and its permissions.',
      cause: error,
    })
  }
}

async function* prepend(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head
  yield* rest
}

/** A compressed file may hold what is not text either. UTF-16 is turned into UTF-8 on the way; a Windows event log stays as it is. */
async function* inspected(file: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let isFirst = true
  for await (const chunk of source) {
    if (isFirst) {
      isFirst = false
      const magic = magicOf(chunk)
      refuseBinary(file, magic)
      const encoding = encodingOf(chunk)
      if (encoding !== undefined) decoder = new TextDecoder(encoding)
      else if (magic !== 'evtx' && chunk.subarray(0, 4096).includes(0))
        throw unreadable(file, 'this is a binary file.', 'Give logs as text, JSON or EVTX.')
      else if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) {
        yield chunk.subarray(3)
        continue
      }
    }
    yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8')
  }
}

/** By byte order mark, or by the zero bytes that ASCII leaves in UTF-16. */
function encodingOf(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  if (head.length < 4) return undefined
  if (head[0] !== 0 && head[1] === 0 && head[2] !== 0 && head[3] === 0) return 'utf-16le'
  if (head[0] === 0 && head[1] !== 0 && head[2] === 0 && head[3] !== 0) return 'utf-16be'
  return undefined
}

/** The first bytes of a file on disk, for deciding how to split the work. */
export function readHead(file: string, length: number): Buffer {
  const handle = openSync(file, 'r')
  try {
    const head = Buffer.alloc(length)
    return head.subarray(0, readSync(handle, head, 0, length, 0))
  } finally {
    closeSync(handle)
  }
}
