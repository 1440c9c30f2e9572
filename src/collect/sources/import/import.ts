import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { RawRecord } from '../../../kernel/event.ts'
import type { Source, SourceBatch, SourceContext } from '../../../kernel/plugin.ts'
import { documentRecord, lineRecord, tooLong, unreadable } from '../../record.ts'
import { type Piece, RecordScanner } from '../../record-scanner.ts'
import { decodeText } from '../../text.ts'
import { chunksOf, look } from './contents.ts'
import type { ImportConfig } from './schema.ts'

const BATCH_RECORDS = 2000
const BATCH_BYTES = 1_048_576

/** How far a file is imported: records committed, and whether that is all of them. */
interface Progress {
  readonly records: number
  readonly done: boolean
}

/**
 * Reads files once, whatever form their records have, and ends. A record's id is `import:FILE:N`, FILE being a hash of
 * the content's beginning and size: an import that was interrupted goes on, one that is given again is repeated.
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
        context.problem?.(path, `${path} could not be read to its end: ${messageOf(error)}`)
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

  let seen = 0
  let records: RawRecord[] = []
  let bytes = 0
  const batch = (done: boolean): SourceBatch => {
    const progress = { records: seen, done }
    const ready = { records, bytes, acknowledge: () => save(progress) }
    records = []
    bytes = 0
    return ready
  }
  for await (const piece of pieces(path, contents, config.maxRecordBytes)) {
    if (context.signal.aborted) return
    // A full batch leaves when another record shows that it is not the last: the last one says that all is done.
    if (records.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) yield batch(false)
    const id = `import:${contents.identity}:${seen++}`
    if (seen <= before.records) continue
    records.push(recordOf(id, piece, config.maxRecordBytes, path))
    bytes += piece.length
  }
  yield batch(true)
}

async function* pieces(path: string, contents: Awaited<ReturnType<typeof look>>, maxBytes: number): AsyncGenerator<Piece> {
  const scanner = new RecordScanner(maxBytes)
  try {
    for await (const chunk of chunksOf(path, contents)) yield* scanner.push(chunk)
  } catch (error) {
    // What was read of a damaged file is kept; the fault is still told.
    yield* scanner.end()
    throw error
  }
  yield* scanner.end()
}

function recordOf(id: string, piece: Piece, maxBytes: number, path: string): RawRecord {
  if (piece.length > maxBytes) return tooLong(id, piece.bytes, piece.length, maxBytes, path)
  if (piece.broken !== undefined) return unreadable(id, decodeText(piece.bytes).text, `broken JSON: ${piece.broken}`, path)
  return piece.kind === 'document' ? documentRecord(id, piece.bytes, path) : lineRecord(id, piece.bytes, maxBytes, path)
}
