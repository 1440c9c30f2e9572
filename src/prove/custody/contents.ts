import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { artefactPath } from '../verify/artefacts.ts'
import { FILE_KEY_BYTES, openChunks, sealChunks } from './sealed-chunks.ts'

/** A content that was written and is not yet part of the store. */
export interface Received {
  /** Of the content, hexadecimal: its name. */
  readonly sha256: string
  readonly bytes: number
  /** Of the file on the disk, which differs where it is sealed. */
  readonly stored: string
  /** Undefined where it lies plain. */
  readonly key: Buffer | undefined
  /** The content, where it is no longer than what was asked to be held. */
  readonly head: Buffer | undefined
  /** Durable under its name afterwards; replaces what has that name. */
  keep(): Promise<void>
  discard(): Promise<void>
}

/** Files by the SHA-256 of their content, each once. */
export interface Contents {
  /**
   * @param most bytes. @param hold up to so many bytes are given back for looking into.
   * @throws KanpekiError `too_large`, or the disk's or source's error; nothing is left then.
   */
  receive(source: AsyncIterable<Uint8Array>, most: number, hold: number): Promise<Received>
  /** @throws KanpekiError `artefact_damaged`, before anything is given for a file that does not have its hash. */
  read(sha256: string, stored: string, key: Buffer | undefined): Promise<AsyncIterable<Uint8Array>>
  remove(sha256: string): Promise<void>
  /** Names of all that is kept. */
  list(): Promise<readonly string[]>
}

const UNFINISHED = '.unfinished'

/** @param root the data directory. @param sealed whether what comes is sealed; what lies there is read either way. */
export async function openContents(root: string, sealed: boolean): Promise<Contents> {
  const folder = join(root, 'artefacts')
  const unfinished = join(folder, UNFINISHED)
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  const place = (sha256: string): string => join(root, artefactPath(sha256))

  return {
    async receive(source, most, hold) {
      const path = join(unfinished, randomBytes(8).toString('hex'))
      const key = sealed ? randomBytes(FILE_KEY_BYTES) : undefined
      const content = createHash('sha256')
      const file = createHash('sha256')
      let bytes = 0
      let held: Buffer[] | undefined = []
      async function* counted(): AsyncGenerator<Uint8Array> {
        for await (const part of source) {
          bytes += part.length
          if (bytes > most) throw new KanpekiError('too_large', `An artefact may have ${most} bytes here.`)
          content.update(part)
          if (bytes > hold) held = undefined
          held?.push(Buffer.from(part))
          yield part
        }
      }
      const handle = await open(path, 'wx', 0o600)
      try {
        for await (const part of key === undefined ? counted() : sealChunks(counted(), key)) {
          file.update(part)
          await handle.writeFile(part)
        }
        await handle.sync()
      } catch (error) {
        await handle.close()
        await rm(path, { force: true })
        throw error
      }
      await handle.close()
      const sha256 = content.digest('hex')
      return {
        sha256,
        bytes,
        stored: file.digest('hex'),
        key,
        head: held === undefined ? undefined : Buffer.concat(held),
        async keep() {
          const target = place(sha256)
          await mkdir(join(target, '..'), { recursive: true, mode: 0o700 })
          await rename(path, target)
          for (const parent of [join(target, '..'), folder]) await syncFolder(parent)
        },
        discard: () => rm(path, { force: true }),
      }
    },
    async read(sha256, stored, key) {
      const path = place(sha256)
      // First all of it for its hash: what was changed is not handed out, not even its beginning.
      const hash = createHash('sha256')
      try {
        for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(part as Buffer)
      } catch (error) {
        throw damaged(sha256, 'is missing or cannot be read', error)
      }
      if (hash.digest('hex') !== stored) throw damaged(sha256, 'is not the one that was received')
      const file = createReadStream(path, { highWaterMark: 1 << 18 })
      return key === undefined ? file : openChunks(file, key)
    },
    remove: (sha256) => rm(place(sha256), { force: true }),
    async list() {
      const found = await readdir(folder, { recursive: true, withFileTypes: true })
      return found.filter((one) => one.isFile() && /^[0-9a-f]{64}$/.test(one.name)).map(({ name }) => name)
    },
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function damaged(sha256: string, what: string, cause?: unknown): KanpekiError {
  return new KanpekiError('artefact_damaged', `The file of the artefact ${what}.`, {
    place: { file: artefactPath(sha256) },
    remedy: 'Restore the folder artefacts from a backup.',
    ...(cause === undefined ? {} : { cause }),
  })
}
