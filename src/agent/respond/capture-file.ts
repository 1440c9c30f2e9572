import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { BLOCK, tarHeader } from '../../app/care/tar-header.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'

export interface CaptureEntry {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  /** Where it was on the host: names in the archive are ours, whatever a file there is called. */
  readonly path?: string
}

/** Writes the archive of a capture: a gzipped tar with a manifest at its end. */
export interface CaptureFile {
  readonly entries: readonly CaptureEntry[]
  readonly add: (name: string, content: Uint8Array) => Promise<void>
  /** As much as the file has now; what grows meanwhile is cut, what shrinks is filled with zeros. */
  readonly addFile: (name: string, path: string, file: FileHandle) => Promise<void>
  readonly finish: (manifest: JsonObject) => Promise<void>
}

/** @param most bytes of all entries together; `add` and `addFile` throw `too_large` beyond. */
export function openCaptureFile(path: string, most: number): CaptureFile {
  const gzip = createGzip()
  const out = createWriteStream(path, { flags: 'w', mode: 0o600 })
  gzip.pipe(out)
  const closed = finished(out)
  // A full disk is told where the next piece is written.
  let failed: Error | undefined
  closed.catch((error: unknown) => {
    failed = error as Error
  })
  const entries: CaptureEntry[] = []
  let total = 0
  const write = async (part: Uint8Array): Promise<void> => {
    if (failed !== undefined) throw failed
    if (gzip.write(part)) return
    await Promise.race([new Promise((resolve) => gzip.once('drain', resolve)), closed])
  }
  const begin = async (name: string, size: number): Promise<void> => {
    if (total + size > most)
      throw new KanpekiError('too_large', `The capture would be larger than ${most} bytes.`, {
        remedy: "Ask for less, or raise respond.largestStore in the host's agent.json.",
      })
    total += size
    await write(tarHeader({ name, size }))
  }
  const pad = async (size: number): Promise<void> => {
    if (size % BLOCK !== 0) await write(Buffer.alloc(BLOCK - (size % BLOCK)))
  }
  const add = async (name: string, content: Uint8Array): Promise<void> => {
    await begin(name, content.length)
    await write(content)
    await pad(content.length)
    entries.push({ name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') })
  }
  return {
    entries,
    add,
    async addFile(name, from, file) {
      const { size } = await file.stat()
      await begin(name, size)
      const hash = createHash('sha256')
      for (let at = 0; at < size; ) {
        const part = Buffer.alloc(Math.min(1 << 16, size - at))
        const { bytesRead } = await file.read(part, 0, part.length, at)
        const piece = bytesRead === 0 ? part : part.subarray(0, bytesRead)
        hash.update(piece)
        await write(piece)
        at += piece.length
      }
      await pad(size)
      entries.push({ name, bytes: size, sha256: hash.digest('hex'), path: from })
    },
    async finish(manifest) {
      const text = Buffer.from(JSON.stringify({ ...manifest, entries: entries.map((entry) => ({ ...entry })) }, null, 1))
      await begin('manifest.json', text.length)
      await write(text)
      await pad(text.length)
      gzip.end(Buffer.alloc(2 * BLOCK))
      await closed
    },
  }
}
