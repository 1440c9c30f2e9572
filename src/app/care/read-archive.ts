import { createHash } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { VerifierKey } from '../../prove/verify/note.ts'
import { type BackupManifest, MANIFEST, MANIFEST_NOTE, readManifest } from './manifest.ts'
import { BLOCK, readTarHeader } from './tar-header.ts'

const MOST_MANIFEST_BYTES = 256 * 1024 * 1024

/** Takes the entries in their order; what it was given is worth nothing until `readArchive` resolves. */
export interface ArchiveSink {
  /** @throws for a name it does not want. */
  begin(name: string, size: number): Promise<void>
  write(chunk: Uint8Array): Promise<void>
  end(): Promise<void>
}

export interface ReadArchive {
  readonly manifest: BackupManifest
  /** The key that signed it. */
  readonly key: VerifierKey
  readonly bytes: number
}

/**
 * Reads a whole archive and checks every byte of it: headers have one form only, padding and end are zero, content has the
 * hash that the signed manifest says, no name comes twice, nothing follows.
 * @throws KanpekiError `archive_broken`, `archive_foreign`, and what the sink throws.
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  expected: readonly VerifierKey[],
  sink: ArchiveSink,
): Promise<ReadArchive> {
  const input = new Blocks(source)
  const seen = new Map<string, { readonly size: number; readonly sha256: string }>()
  for (;;) {
    const at = input.at
    const { name, size } = readTarHeader(await input.take(BLOCK), at)
    if (name === MANIFEST) {
      const manifest = await small(input, size)
      const second = readTarHeader(await input.take(BLOCK), input.at - BLOCK)
      if (second.name !== MANIFEST_NOTE) throw broken(at, 'the signature does not follow the manifest')
      const note = await small(input, second.size)
      await input.zeros(2 * BLOCK)
      await input.finished()
      const read = await readManifest(manifest, note, expected)
      compare(read.manifest, seen)
      return { ...read, bytes: input.at }
    }
    if (seen.has(name)) throw broken(at, `${name} comes twice`)
    await sink.begin(name, size)
    const hash = createHash('sha256')
    for await (const chunk of input.upTo(size)) {
      hash.update(chunk)
      await sink.write(chunk)
    }
    await sink.end()
    await input.zeros(paddingOf(size))
    seen.set(name, { size, sha256: hash.digest('hex') })
  }
}

async function small(input: Blocks, size: number): Promise<Uint8Array> {
  if (size > MOST_MANIFEST_BYTES) throw broken(input.at, 'the manifest is too large')
  const bytes = await input.take(size)
  await input.zeros(paddingOf(size))
  return bytes
}

function compare(manifest: BackupManifest, seen: ReadonlyMap<string, { readonly size: number; readonly sha256: string }>): void {
  const listed = new Set(manifest.files.map(({ name }) => name))
  if (listed.size !== manifest.files.length) throw broken(0, 'the manifest names a file twice')
  for (const name of seen.keys()) if (!listed.has(name)) throw broken(0, `${name} is not in the manifest`)
  for (const { name, size, sha256 } of manifest.files) {
    const found = seen.get(name)
    if (found === undefined) throw broken(0, `${name} is missing`)
    if (found.size !== size || found.sha256 !== sha256) throw broken(0, `${name} is not what was backed up`)
  }
}

/** A stream of bytes that is read in given lengths. */
class Blocks {
  readonly #source: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)
  at = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for await (const chunk of this.upTo(length)) parts.push(chunk)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  async *upTo(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#rest.byteLength === 0 && !(await this.#more())) throw broken(this.at, 'it ends too early')
      const chunk = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(chunk.byteLength)
      this.at += chunk.byteLength
      left -= chunk.byteLength
      yield chunk
    }
  }

  async zeros(length: number): Promise<void> {
    const at = this.at
    if ((await this.take(length)).some((byte) => byte !== 0)) throw broken(at, 'there is something where nothing belongs')
  }

  async finished(): Promise<void> {
    if (this.#rest.byteLength > 0 || (await this.#more())) throw broken(this.at, 'something follows its end')
  }

  async #more(): Promise<boolean> {
    while (this.#rest.byteLength === 0) {
      const next = await this.#source.next()
      if (next.done === true) return false
      this.#rest = next.value
    }
    return true
  }
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

function broken(at: number, reason: string): KanpekiError {
  return new KanpekiError('archive_broken', `The backup is damaged${at === 0 ? '' : ` at byte ${at}`}: ${reason}.`, {
    remedy: 'Nothing was restored. Take another copy of the file.',
  })
}
