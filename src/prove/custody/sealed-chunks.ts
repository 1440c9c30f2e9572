import { createCipheriv, createDecipheriv } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'

/** A key of its own for each file: AES-256. */
export const FILE_KEY_BYTES = 32

const CIPHER = 'aes-256-gcm'
const CHUNK = 64 * 1024
const TAG = 16

/**
 * Seals a stream so that it can be read again as one, piece by piece: AES-256-GCM over chunks of 64 KiB, the nonce being the
 * chunk's number and whether it is the last, so that none can be moved, left out or cut off (STREAM of Hoang, Reyhanitabar,
 * Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", §6).
 * @param key used for this one file only.
 */
export async function* sealChunks(source: AsyncIterable<Uint8Array>, key: Uint8Array): AsyncGenerator<Buffer> {
  let index = 0
  for await (const { chunk, last } of inChunks(source, CHUNK)) {
    const cipher = createCipheriv(CIPHER, key, nonceOf(index++, last))
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }
}

/** @throws KanpekiError `artefact_damaged` at the first chunk that is not what was sealed; those before it were. */
export async function* openChunks(source: AsyncIterable<Uint8Array>, key: Uint8Array): AsyncGenerator<Buffer> {
  let index = 0
  for await (const { chunk, last } of inChunks(source, CHUNK + TAG)) {
    if (chunk.length < TAG) throw damaged()
    const decipher = createDecipheriv(CIPHER, key, nonceOf(index++, last))
    decipher.setAuthTag(chunk.subarray(-TAG))
    const plain = decipher.update(chunk.subarray(0, -TAG))
    try {
      decipher.final()
    } catch {
      throw damaged()
    }
    yield plain
  }
}

function nonceOf(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}

/** Pieces of `size` bytes; the last one may be shorter, and is empty only where the source is. */
async function* inChunks(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ readonly chunk: Buffer; readonly last: boolean }> {
  let held: Buffer[] = []
  let length = 0
  for await (const part of source) {
    held.push(Buffer.from(part.buffer, part.byteOffset, part.byteLength))
    length += part.length
    if (length <= size) continue
    const all = Buffer.concat(held)
    let at = 0
    // One full piece is kept back: only the end of the source tells that it is the last.
    for (; all.length - at > size; at += size) yield { chunk: all.subarray(at, at + size), last: false }
    held = [all.subarray(at)]
    length = all.length - at
  }
  yield { chunk: Buffer.concat(held), last: true }
}

function damaged(): KanpekiError {
  return new KanpekiError('artefact_damaged', 'The stored file is not the one that was received.', {
    remedy: 'Restore the folder artefacts from a backup.',
  })
}
