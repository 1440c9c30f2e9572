import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { createZstdFramesDecompress, isZstd } from '../../../platform/zstd-frames.ts'

const HEAD_BYTES = 65_536
const CHUNK_BYTES = 262_144

/** What a file is, by looking. */
export interface Contents {
  /** Of the first bytes and the size: the same file given again under any name is the same import. */
  readonly identity: string
  readonly encoding: 'gzip' | 'zstd' | 'utf-16le' | 'utf-8'
}

export async function look(path: string): Promise<Contents> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const head = Buffer.alloc(Math.min(size, HEAD_BYTES))
    await handle.read(head, 0, head.length, 0)
    const identity = createHash('sha256').update(`${size}\0`).update(head).digest('hex').slice(0, 32)
    return { identity, encoding: encodingOf(head) }
  } finally {
    await handle.close()
  }
}

function encodingOf(head: Buffer): Contents['encoding'] {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (isZstd(head)) return 'zstd'
  return head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : 'utf-8'
}

function decoderOf(encoding: 'gzip' | 'zstd' | 'utf-16le'): Transform {
  if (encoding === 'utf-16le') return fromUtf16()
  return encoding === 'gzip' ? createGunzip({ chunkSize: CHUNK_BYTES }) : createZstdFramesDecompress({ chunkSize: CHUNK_BYTES })
}

/** The file's bytes as UTF-8 without a byte order mark, decompressed; PowerShell writes UTF-16. */
export async function* chunksOf(path: string, { encoding }: Contents): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  let stream: Readable = file
  if (encoding !== 'utf-8') {
    const decoder = decoderOf(encoding)
    // pipe() passes no errors on, and a file that cannot be read must not end like a short one.
    file.once('error', (error) => decoder.destroy(error))
    stream = file.pipe(decoder)
  }
  let first = true
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk
      first = false
    }
  } finally {
    file.destroy()
    stream.destroy()
  }
}

function fromUtf16(): Transform {
  const decoder = new TextDecoder('utf-16le')
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(decoder.decode(chunk, { stream: true })))
    },
    flush(done) {
      done(null, Buffer.from(decoder.decode()))
    },
  })
}
