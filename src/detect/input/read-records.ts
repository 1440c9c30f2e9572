import type { Parser } from '../../kernel/plugin.ts'
import { readBytes } from './bytes.ts'
import { JsonRecords } from './json-records.ts'
import { LineSplitter } from './lines.ts'
import type { RecordSink } from './record.ts'
import { TextRecords } from './text-records.ts'

export interface ReadOptions {
  /** For log lines that are not JSON; asked for when such a file comes. */
  readonly parsers: () => Promise<readonly Parser[]>
  /** Milliseconds UTC: what formats without a year or date are completed from. */
  readonly now: number
}

/**
 * Reads every record of a file, telling JSON (lines, documents, arrays) from log lines by its first character.
 * Resolves with the bytes and records seen. Throws `input-unreadable` when the file cannot be read as a whole.
 */
export async function readRecords(
  file: string,
  options: ReadOptions,
  sink: RecordSink,
): Promise<{ lines: number; records: number; bytes: number }> {
  let reader: JsonRecords | TextRecords | undefined
  let splitter: LineSplitter | undefined
  let bytes = 0
  for await (const chunk of readBytes(file)) {
    bytes += chunk.length
    if (splitter === undefined) {
      reader = isJson(chunk) ? new JsonRecords(sink) : new TextRecords(file, await options.parsers(), sink, options.now)
      splitter = new LineSplitter(reader)
    }
    splitter.push(chunk)
  }
  splitter?.end()
  return { ...(reader?.end() ?? { lines: 0, records: 0 }), bytes }
}

function isJson(head: Buffer): boolean {
  const first = head.find((byte) => byte !== 32 && byte !== 9 && byte !== 10 && byte !== 13)
  return first === 123 || first === 91 || first === undefined
}
