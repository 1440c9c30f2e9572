import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '../platform/atomic-file.ts'
import { createWaiters } from '../platform/waiters.ts'

/** Events as they will be sent: the number of the first, and the lines. */
export interface SpoolBatch {
  /** Of which run of the agent: with the number it makes an event's id, also where numbers were lost with their file. */
  readonly run: string
  readonly first: number
  readonly lines: readonly string[]
  /** What whoever told these events knows because of them. */
  readonly knowing?: readonly Knowing[]
}

/** Something that is known once an event is durable, by what it is about; null where there is nothing any more. */
export type Knowing = readonly [about: string, known: string | null]

export interface Spool {
  /** The next number to give; numbers of events that found no room are given too, so that the server sees the gap. */
  readonly next: () => number
  /** Durable once resolved. False where the bound is reached, or the disk is full: what came first is kept, so that a flood cannot wash it out. */
  readonly append: (batch: SpoolBatch) => Promise<boolean>
  /** The oldest batch not yet acknowledged, with those behind it whose numbers go on: what waited long goes in few requests. */
  readonly peek: () => Promise<SpoolBatch | undefined>
  /** Resolves once there may be something that the last `peek` did not find, or the signal ends. */
  readonly more: (signal: AbortSignal) => Promise<void>
  /** Forgets the batch that `peek` gave. */
  readonly acknowledge: () => Promise<void>
  readonly bytes: () => number
  /** What is known by the events that were on disk at the start, the newest of each; given once. */
  readonly takeKnown: () => ReadonlyMap<string, string | null>
  /** Records that were on disk and could not be read back: a torn end after a crash, or a changed file. */
  readonly damaged: () => number
  readonly close: () => Promise<void>
}

const SEGMENT_BYTES = 4_000_000
const HEADER = 4 + 12 + 16
const NAME = /^([0-9]{16})\.spool$/
/** No batch is this large; a length beyond it is damage. */
const LARGEST = 64_000_000

/** Batches are given together up to these. */
const MOST_LINES = 4_000
const MOST_BYTES = 2_000_000

interface Segment {
  readonly number: number
  readonly path: string
  bytes: number
}

/**
 * A queue of batches on disk, in order, each sealed by itself (AES-256-GCM; the key lies beside it and keeps the queue from
 * whoever gets hold of the files alone, such as a backup). Segments that are read to their end are deleted.
 * @param limit largest size of all segments, bytes.
 */
export async function openSpool(folder: string, limit: number): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const key = await openKey(join(folder, 'spool.key'))
  const placeFile = join(folder, 'place.json')
  const segments: Segment[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    const [, number] = NAME.exec(name) ?? []
    if (number === undefined) continue
    const path = join(folder, name)
    segments.push({ number: Number(number), path, bytes: (await stat(path)).size })
  }
  let place = await readPlace(placeFile)
  if (segments[0] !== undefined && place.segment !== segments[0].number)
    place = { ...place, segment: segments[0].number, offset: 0 }
  let damaged = 0
  let known = new Map<string, string | null>()
  let highest = place.highest
  let writer: FileHandle | undefined
  const added = createWaiters()
  let fresh = false
  let peeked: { readonly end: number; readonly batch: SpoolBatch } | undefined
  let chain: Promise<unknown> = Promise.resolve()
  /** One after the other: a batch is never read while it is written. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = chain.then(work)
    chain = result.catch(() => undefined)
    return result
  }

  const seal = (batch: SpoolBatch, segment: number): Buffer => {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    cipher.setAAD(Buffer.from(String(segment)))
    const sealed = Buffer.concat([cipher.update(JSON.stringify(batch)), cipher.final()])
    const head = Buffer.alloc(4)
    head.writeUInt32BE(sealed.length)
    return Buffer.concat([head, iv, cipher.getAuthTag(), sealed])
  }
  const unseal = (record: Buffer, segment: number): SpoolBatch => {
    const decipher = createDecipheriv('aes-256-gcm', key, record.subarray(4, 16))
    decipher.setAAD(Buffer.from(String(segment)))
    decipher.setAuthTag(record.subarray(16, HEADER))
    return JSON.parse(Buffer.concat([decipher.update(record.subarray(HEADER)), decipher.final()]).toString('utf8')) as SpoolBatch
  }
  /** Where the record at `offset` ends, and what it holds; `'damaged'` where no more of the segment can be read. */
  const readAt = async ({ path, bytes, number }: Segment, offset: number): Promise<typeof peeked | 'damaged'> => {
    if (offset >= bytes) return undefined
    const file = await open(path, 'r')
    try {
      const head = Buffer.alloc(4)
      await file.read(head, 0, 4, offset)
      const length = head.readUInt32BE()
      if (length > LARGEST || offset + HEADER + length > bytes) return 'damaged'
      const record = Buffer.alloc(HEADER + length)
      await file.read(record, 0, record.length, offset)
      return { end: offset + record.length, batch: unseal(record, number) }
    } catch {
      return 'damaged'
    } finally {
      await file.close()
    }
  }
  /** What is at `offset`, and what directly follows it, as one batch. */
  const readFrom = async (segment: Segment, offset: number): Promise<typeof peeked | 'damaged'> => {
    const first = await readAt(segment, offset)
    if (first === undefined || first === 'damaged') return first
    const lines = [...first.batch.lines]
    let { end } = first
    while (lines.length < MOST_LINES && end - offset < MOST_BYTES) {
      const next = await readAt(segment, end)
      if (next === undefined || next === 'damaged') break
      const { run, first: number } = next.batch
      if (run !== first.batch.run || number !== first.batch.first + lines.length) break
      lines.push(...next.batch.lines)
      end = next.end
    }
    return { end, batch: { ...first.batch, lines } }
  }
  const dropFirst = async (): Promise<void> => {
    const [first] = segments
    if (first === undefined) return
    segments.shift()
    if (segments.length === 0) {
      await writer?.close()
      writer = undefined
    }
    await rm(first.path, { force: true })
    place = { segment: segments[0]?.number ?? first.number + 1, offset: 0, highest }
  }
  const total = (): number => segments.reduce((sum, { bytes }) => sum + bytes, 0)

  const readAll = async (segment: Segment, from: number, to: number): Promise<void> => {
    for (let offset = from; offset < to; ) {
      const found = await readAt(segment, offset)
      if (found === undefined || found === 'damaged') return
      const { first, lines, knowing = [] } = found.batch
      highest = Math.max(highest, first + lines.length - 1)
      for (const [about, text] of knowing) known.set(about, text)
      offset = found.end
    }
  }
  // A torn end is what a crash leaves: whatever is appended later goes to a segment of its own.
  for (const segment of segments) {
    const sent = segment.number === place.segment ? place.offset : 0
    await readAll(segment, 0, sent)
    await readAll(segment, sent, segment.bytes)
  }

  return {
    next: () => {
      highest += 1
      return highest
    },
    append: (batch) =>
      inTurn(async () => {
        let last = segments.at(-1)
        if (writer === undefined || last === undefined || last.bytes > SEGMENT_BYTES) {
          await writer?.close()
          const number = Math.max(last?.number ?? 0, place.segment) + 1
          last = { number, path: join(folder, `${String(number).padStart(16, '0')}.spool`), bytes: 0 }
          try {
            writer = await open(last.path, 'a', 0o600)
          } catch {
            return false
          }
          segments.push(last)
          if (segments.length === 1) place = { segment: number, offset: 0, highest }
        }
        const record = seal(batch, last.number)
        if (total() + record.length > limit) return false
        try {
          // All of it: a disk that is nearly full takes a part without an error.
          await writer.writeFile(record)
          await writer.datasync()
        } catch {
          // No room on the disk is no room: what was written of the record goes, and what comes next has a segment of its own.
          await truncate(last.path, last.bytes).catch(() => undefined)
          await writer.close().catch(() => undefined)
          writer = undefined
          // Else each try on a full disk would leave an empty file, and take the last inodes too.
          if (last.bytes === 0) {
            await rm(last.path, { force: true }).catch(() => undefined)
            segments.pop()
          }
          return false
        }
        last.bytes += record.length
        fresh = true
        added.wake()
        return true
      }),
    peek: () =>
      inTurn(async () => {
        if (peeked !== undefined) return peeked.batch
        fresh = false
        for (;;) {
          const [first] = segments
          if (first === undefined) return undefined
          const found = await readFrom(first, place.offset)
          if (found === 'damaged') damaged += 1
          else if (found !== undefined) {
            peeked = found
            return found.batch
          }
          if (segments.length === 1 && found === undefined) return undefined
          await dropFirst()
        }
      }),
    more: async (signal) => {
      if (!fresh) await added.next(signal)
    },
    acknowledge: () =>
      inTurn(async () => {
        if (peeked === undefined) return
        place = { ...place, offset: peeked.end, highest }
        peeked = undefined
        const [first] = segments
        if (first !== undefined && place.offset >= first.bytes && (segments.length > 1 || first.bytes > SEGMENT_BYTES))
          await dropFirst()
        await writeFileAtomically(placeFile, JSON.stringify(place))
      }),
    bytes: () => total() - (segments.length === 0 ? 0 : place.offset),
    takeKnown: () => {
      const taken = known
      known = new Map()
      return taken
    },
    damaged: () => damaged,
    close: () =>
      inTurn(async () => {
        await writer?.close()
        writer = undefined
        await writeFileAtomically(placeFile, JSON.stringify({ ...place, highest }))
      }),
  }
}

interface Place {
  readonly segment: number
  readonly offset: number
  /** The highest number given so far. */
  readonly highest: number
}

async function readPlace(file: string): Promise<Place> {
  try {
    const { segment, offset, highest } = JSON.parse(await readFile(file, 'utf8')) as Record<keyof Place, unknown>
    if ([segment, offset, highest].every((value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0))
      return { segment, offset, highest } as Place
  } catch {
    // A first start: what is sent again has its old id, and is stored once.
  }
  return { segment: 0, offset: 0, highest: 0 }
}

async function openKey(file: string): Promise<Buffer> {
  try {
    const key = await readFile(file)
    if (key.length === 32) return key
  } catch {
    // Made below.
  }
  const key = randomBytes(32)
  await writeFileAtomically(file, key, 0o600)
  return key
}
