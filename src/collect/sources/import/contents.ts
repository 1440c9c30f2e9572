import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CHUNK_BYTES } from '../../../platform/evtx/chunk.ts'
import { FILE_HEADER_BYTES, isEvtx, isLive } from '../../../platform/evtx/evtx-reader.ts'
import { createZstdFramesDecompress, isZstd } from '../../../platform/zstd-frames.ts'

const HEAD_BYTES = 65_536
const READ_BYTES = 262_144
/** Of a chunk's header: which records it holds, and their checksum. */
const CHUNK_HEAD_BYTES = 128

/** What a file is, by looking. */
export interface Contents {
  /** Of the first bytes and the size, and of what a live Windows event log has besides: the same file given again under any name is the same import. */
  readonly identity: string
  readonly encoding: 'gzip' | 'zstd' | 'utf-16le' | 'utf-8'
}

export async function look(path: string): Promise<Contents> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const head = Buffer.alloc(Math.min(size, HEAD_BYTES))
    await handle.read(head, 0, head.length, 0)
    const hash = createHash('sha256').update(`${size}\0`).update(head)
    if (isEvtx(head) && isLive(head)) await addChunks(hash, handle, size)
    return { identity: hash.digest('hex').slice(0, 32), encoding: encodingOf(head) }
  } finally {
    await handle.close()
  }
}

/**
 * A log that was copied while Windows wrote it has the size that was set aside for it and a header of long ago: only its chunks tell
 * it from an earlier copy.
 */
async function addChunks(hash: Hash, handle: FileHandle, size: number): Promise<void> {
  for (let at = FILE_HEADER_BYTES; at < size; at += CHUNK_BYTES) {
    const head = Buffer.alloc(CHUNK_HEAD_BYTES)
    const { bytesRead } = await handle.read(head, 0, head.length, at)
    hash.update(head.subarray(0, bytesRead))
  }
}

function encodingOf(head: Buffer): Contents['encoding'] {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (isZstd(head)) return 'zstd'
  return head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : 'utf-8'
}

function decoderOf(encoding: 'gzip' | 'zstd' | 'utf-16le'): Transform {
  if (encoding === 'utf-16le') return fromUtf16()
  return encoding === 'gzip' ? createGunzip({ chunkSize: READ_BYTES }) : createZstdFramesDecompress({ chunkSize: READ_BYTES })
}

/** The file's bytes as UTF-8 without a byte order mark, decompressed; PowerShell writes UTF-16. */
export async function* chunksOf(path: string, { encoding }: Contents): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
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
