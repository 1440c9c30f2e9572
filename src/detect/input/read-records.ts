import { KanpekiError } from '../../kernel/error.ts'
import { isEvtx } from '../../platform/evtx/evtx-reader.ts'
import { readBytes } from './bytes.ts'
import { EvtxRecords } from './evtx-records.ts'
import { JsonRecords } from './json-records.ts'
import { LineSplitter } from './lines.ts'
import type { RecordSink } from './record.ts'
import { type LineParsers, TextRecords } from './text-records.ts'

export interface ReadOptions {
  /** For log lines that are not JSON; asked for when such a file comes. */
  readonly parsers: () => Promise<LineParsers>
  /** Milliseconds UTC: what formats without a year or date are completed from. */
  readonly now: number
}

/**
 * Reads every record of a file, telling Windows event logs, JSON (lines, documents, arrays) and log lines apart by its first bytes.
 * Resolves with the bytes and records seen. Throws `input-unreadable` when the file cannot be read as a whole.
 */
export async function readRecords(
  file: string,
  options: ReadOptions,
  sink: RecordSink,
): Promise<{ lines: number; records: number; bytes: number }> {
  let reader: Reader | undefined
  let bytes = 0
  for await (const chunk of readBytes(file)) {
    bytes += chunk.length
    reader ??= await readerFor(chunk, file, options, sink)
    reader.push(chunk)
  }
  const totals = reader?.end() ?? { lines: 0, records: 0 }
  const failure = reader instanceof EvtxRecords ? reader.failure : undefined
  if (failure !== undefined) {
    throw new KanpekiError('input-unreadable', failure, { place: { file }, remedy: 'Export the log again.' })
  }
  return { ...totals, bytes }
}

/** Takes the file's bytes in pieces; the end says how much it was. */
interface Reader {
  push(bytes: Buffer): void
  end(): { readonly lines: number; readonly records: number }
}

async function readerFor(head: Buffer, file: string, options: ReadOptions, sink: RecordSink): Promise<Reader> {
  if (isEvtx(head)) return new EvtxRecords(sink)
  return byLine(isJson(head) ? new JsonRecords(sink) : new TextRecords(file, await options.parsers(), sink, options.now))
}

/** Reads what consists of lines. */
export function byLine(records: JsonRecords | TextRecords): Reader {
  const splitter = new LineSplitter(records)
  return {
    push: (bytes) => splitter.push(bytes),
    end() {
      splitter.end()
      return records.end()
    },
  }
}

function isJson(head: Buffer): boolean {
  const first = head.find((byte) => byte !== 32 && byte !== 9 && byte !== 10 && byte !== 13)
  return first === 123 || first === 91 || first === undefined
}
