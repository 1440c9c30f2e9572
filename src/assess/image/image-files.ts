import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { createZstdFramesDecompress, isZstd } from '../../platform/zstd-frames.ts'
import { readTar } from './tar.ts'

/** A packed image that unpacks to more is refused. */
const MOST_UNPACKED = 64 * 2 ** 30

/** Where something of an image begins in a file, and how long it is. */
export interface Place {
  readonly file: string
  readonly offset: number
  readonly size: number
}

export interface ImageFiles {
  readonly places: ReadonlyMap<string, Place>
  /** Removes what was unpacked. */
  readonly close: () => Promise<void>
}

/**
 * The files that an image is made of: a tar, also packed as a whole (gzip, zstd), or an OCI layout in a folder. What is packed is unpacked
 * among temporary files, which `close` removes.
 * @throws KanpekiError `image_invalid`, `tar_invalid`, and what the file system says.
 */
export async function openImage(path: string): Promise<ImageFiles> {
  const info = await stat(path)
  if (info.isDirectory()) return { places: await layoutPlaces(path), close: async () => undefined }
  const packing = await packingOf({ file: path, offset: 0, size: info.size })
  if (packing === 'plain') return { places: await tarPlaces(path, path), close: async () => undefined }
  const folder = await mkdtemp(join(tmpdir(), 'kanpeki-image-'))
  const remove = async () => await rm(folder, { recursive: true, force: true })
  try {
    const file = join(folder, 'image.tar')
    let written = 0
    const limit = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        written += chunk.length
        done(written > MOST_UNPACKED ? new RangeError(`${path} unpacks to more than ${MOST_UNPACKED / 2 ** 30} GB`) : null, chunk)
      },
    })
    await pipeline(createReadStream(path), decompressor(packing), limit, createWriteStream(file, { mode: 0o600 }))
    return { places: await tarPlaces(file, path), close: remove }
  } catch (error) {
    await remove()
    if (error instanceof KanpekiError) throw error
    throw new KanpekiError('image_invalid', `${path} cannot be unpacked: ${messageOf(error)}.`, {
      place: { file: path },
      remedy: 'Save the image again.',
    })
  }
}

async function tarPlaces(file: string, name: string): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>()
  for await (const { name: entry, offset, size } of readTar(createReadStream(file), name, () => false))
    places.set(entry, { file, offset, size })
  return places
}

/** `index.json`, `manifest.json`, and `blobs/ALGORITHM/HASH`; links are not followed. */
async function layoutPlaces(folder: string): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>()
  for (const below of ['', 'blobs/sha256/', 'blobs/sha512/'])
    for (const entry of await readdir(join(folder, below), { withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue
      const file = join(folder, below, entry.name)
      places.set(`${below}${entry.name}`, { file, offset: 0, size: (await stat(file)).size })
    }
  return places
}

export async function partOf({ file, offset, size }: Place): Promise<Buffer> {
  const handle = await open(file)
  try {
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await handle.read(bytes, 0, size, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The bytes of a layer, unpacked. */
export async function unpacked(place: Place): Promise<AsyncIterable<Uint8Array>> {
  const { file, offset, size } = place
  if (size === 0) return (async function* () {})()
  const bytes = createReadStream(file, { start: offset, end: offset + size - 1 })
  const packing = await packingOf(place)
  if (packing === 'plain') return bytes
  const unpacking = decompressor(packing)
  bytes.on('error', (error) => unpacking.destroy(error))
  return bytes.pipe(unpacking)
}

async function packingOf(place: Place): Promise<'gzip' | 'zstd' | 'plain'> {
  const head = await partOf({ ...place, size: Math.min(4, place.size) })
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  return isZstd(Buffer.from(head)) ? 'zstd' : 'plain'
}

const decompressor = (packing: 'gzip' | 'zstd') => (packing === 'gzip' ? createGunzip() : createZstdFramesDecompress())
