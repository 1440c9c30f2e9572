import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import { DEFAULT_SCOPE, type RawRecord } from '../../../kernel/event.ts'
import type { Source, SourceBatch, SourceContext } from '../../../kernel/plugin.ts'
import { EvtxReader, isEvtx } from '../../../platform/evtx/evtx-reader.ts'
import { joinLines, type LineMemory } from '../../join/lines.ts'
import { brokenJournal, isJournalExport, readJournalExport } from '../../journal-export.ts'
import { documentRecord, lineRecord, tooLong, unreadable } from '../../record.ts'
import { type Piece, RecordScanner } from '../../record-scanner.ts'
import { decodeText } from '../../text.ts'
import { type Contents, chunksOf, look } from './contents.ts'
import { exportedId } from './exported-id.ts'
import type { ImportConfig } from './schema.ts'

const BATCH_RECORDS = 2000
const BATCH_BYTES = 1_048_576
/** Lines that wait for what belongs to them. */
const MAX_HELD_BYTES = 8_388_608
const HASH = 0x23

/** How far a file is imported: records committed, and whether that is all of them. */
interface Progress {
  readonly records: number
  readonly done: boolean
}

/**
 * Reads files once, whatever form their records have, and ends. A record's id is `import:FILE:N`, FILE being a hash of
 * the content's beginning and size: an import that was interrupted goes on, one that is given again is repeated. What
 * another product exported keeps the identity that it had there (`exported-id.ts`).
 */
export const importSource: Source<ImportConfig> = {
  id: 'import',
  async *open(config, context): AsyncGenerator<SourceBatch> {
    for (const path of config.paths) {
      if (context.signal.aborted) return
      try {
        const refusal = await context.refusal?.(path)
        if (refusal !== undefined) throw new KanpekiError('source_refused', refusal)
        yield* importFile(path, config, context)
        context.problem?.(path, undefined)
      } catch (error) {
        context.problem?.(path, { code: 'import_incomplete', text: `${path} could not be read to its end: ${messageOf(error)}` })
        context.log('import failed', { path, error: messageOf(error) })
      }
    }
  },
}

async function* importFile(path: string, config: ImportConfig, context: SourceContext): AsyncGenerator<SourceBatch> {
  const contents = await look(path)
  const saved = await context.positions.get(contents.identity)
  const before: Progress = saved === undefined ? { records: 0, done: false } : (JSON.parse(saved) as Progress)
  if (before.done) return
  const save = (progress: Progress): Promise<void> => context.positions.set(contents.identity, JSON.stringify(progress))

  const memory: LineMemory = {}
  let seen = 0
  let records: RawRecord[] = []
  let bytes = 0
  let next = { records: BATCH_RECORDS, bytes: BATCH_BYTES }
  /** What of the records is whole; undefined where all of it may still go on. */
  const batch = (done: boolean): SourceBatch | undefined => {
    const joined = joinLines(records, memory, done || bytes >= MAX_HELD_BYTES)
    records = records.slice(joined.taken)
    const nothing = joined.records.length === 0 && !done
    next = { records: records.length + BATCH_RECORDS, bytes: nothing ? bytes + BATCH_BYTES : BATCH_BYTES }
    if (nothing) return undefined
    const progress = { records: seen - records.length, done }
    const ready = { records: joined.records, bytes, acknowledge: () => save(progress) }
    bytes = 0
    return ready
  }
  for await (const found of findIn(path, contents, config.maxRecordBytes)) {
    if (context.signal.aborted) return
    // A full batch leaves when another record shows that it is not the last: the last one says that all is done.
    if (records.length >= next.records || bytes >= next.bytes) {
      const ready = batch(false)
      if (ready !== undefined) yield ready
    }
    const id = `import:${contents.identity}:${seen++}`
    if (seen <= before.records) {
      // Committed before; the directives above what is not are still needed.
      if (found.directive) joinLines([found.as(id)], memory, true)
      continue
    }
    const record = found.as(id)
    const own = exportedId(record, context.scope ?? DEFAULT_SCOPE)
    records.push(own === undefined ? record : { ...record, id: own })
    bytes += found.length
  }
  const rest = batch(true)
  if (rest !== undefined) yield rest
}

/** What a file holds, in order: a record as soon as it has its id. `length` is its bytes in the file. */
interface Found {
  readonly length: number
  /** A line that begins with `#`: it may say what the fields of those after it are. */
  readonly directive: boolean
  readonly as: (id: string) => RawRecord
}

/** Tells a Windows event log from text by its first bytes, also where it was compressed. */
async function* findIn(path: string, contents: Contents, maxBytes: number): AsyncGenerator<Found> {
  let finder: Finder | undefined
  try {
    for await (const chunk of chunksOf(path, contents)) {
      finder ??= finderOf(chunk, path, maxBytes)
      yield* finder.push(chunk)
    }
  } catch (error) {
    // What was read of a damaged file is kept; the fault is still told.
    if (finder !== undefined) yield* finder.end()
    throw error
  }
  if (finder !== undefined) yield* finder.end()
}

function finderOf(head: Buffer, path: string, maxBytes: number): Finder {
  if (isEvtx(head)) return new LogFinder(path)
  return isJournalExport(head) ? new JournalFinder(path) : new TextFinder(path, maxBytes)
}

interface Finder {
  push(bytes: Buffer): Iterable<Found>
  end(): Iterable<Found>
}

class TextFinder implements Finder {
  readonly #path: string
  readonly #maxBytes: number
  readonly #scanner: RecordScanner

  constructor(path: string, maxBytes: number) {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#scanner = new RecordScanner(maxBytes, true)
  }

  push(bytes: Buffer): Iterable<Found> {
    return this.#found(this.#scanner.push(bytes))
  }

  end(): Iterable<Found> {
    return this.#found(this.#scanner.end())
  }

  *#found(pieces: Iterable<Piece>): Generator<Found> {
    for (const piece of pieces) {
      const directive = piece.kind === 'line' && piece.bytes[0] === HASH
      yield { length: piece.length, directive, as: (id) => recordOf(id, piece, this.#maxBytes, this.#path) }
    }
  }
}

/** What is broken in the log is kept as an unknown, as a broken line is. */
class LogFinder implements Finder {
  readonly #reader: EvtxReader
  #found: Found[] = []

  constructor(path: string) {
    this.#reader = new EvtxReader({
      record: (json, _offset, length) => this.#found.push({ length, directive: false, as: (id) => ({ id, json, origin: path }) }),
      fault: ({ what, offset, reason }) => {
        const text = `Windows event log: the ${what} at byte ${offset}`
        this.#found.push({ length: 0, directive: false, as: (id) => unreadable(id, text, reason, path) })
      },
    })
  }

  push(bytes: Buffer): Iterable<Found> {
    this.#reader.push(bytes)
    return this.#take()
  }

  end(): Iterable<Found> {
    this.#reader.end()
    return this.#take()
  }

  #take(): Iterable<Found> {
    const found = this.#found
    this.#found = []
    return found
  }
}

/** The journal's export format; where it is torn, what stands there is kept as one unknown. */
class JournalFinder implements Finder {
  readonly #path: string
  #rest: Buffer = Buffer.alloc(0)
  #broken = false

  constructor(path: string) {
    this.#path = path
  }

  push(bytes: Buffer): Iterable<Found> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    return this.#take(false)
  }

  end(): Iterable<Found> {
    return this.#take(true)
  }

  *#take(final: boolean): Generator<Found> {
    const path = this.#path
    if (this.#broken || this.#rest.length === 0) return
    const { entries, taken, fault } = readJournalExport(this.#rest, final)
    const length = Math.ceil(taken / Math.max(entries.length, 1))
    const rest = this.#rest.subarray(taken)
    this.#broken = fault !== undefined
    this.#rest = this.#broken ? Buffer.alloc(0) : rest
    for (const json of entries) yield { length, directive: false, as: (id) => ({ id, json, origin: path }) }
    if (fault !== undefined) {
      yield { length: rest.length, directive: false, as: (id) => brokenJournal(id, rest, fault, path) }
    }
  }
}

function recordOf(id: string, piece: Piece, maxBytes: number, path: string): RawRecord {
  if (piece.length > maxBytes) return tooLong(id, piece.bytes, piece.length, maxBytes, path)
  if (piece.fault !== undefined) return unreadable(id, decodeText(piece.bytes).text, piece.fault, path)
  if (piece.broken !== undefined) return unreadable(id, decodeText(piece.bytes).text, `broken JSON: ${piece.broken}`, path)
  return piece.kind === 'document' ? documentRecord(id, piece.bytes, path) : lineRecord(id, piece.bytes, maxBytes, path)
}
