import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ParseContext, RawRecord } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Parser } from '../../kernel/plugin.ts'

/** The surroundings of every golden record: received on a fixed day, in a zone that shows where it is forgotten. */
export const GOLDEN_CONTEXT: ParseContext = { received: Date.UTC(2026, 0, 15, 12), zoneMinutes: 540, prefer: [] }

export interface GoldenCase {
  readonly name: string
  readonly lines: number
  /** What the parser makes of the file, as it is kept beside it. */
  readonly made: string
  readonly expectedFile: string
}

/** A line of a golden file: JSON lines (`.jsonl`) are objects, `.log` is text; `\x00`-like escapes stand for bytes. */
export function goldenRecords(path: string): readonly RawRecord[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line, index) => {
    const id = `${basename(path)}:${index + 1}`
    return path.endsWith('.jsonl') ? { id, json: JSON.parse(line) as JsonObject } : { id, text: line }
  })
}

/** Reads every golden file of a parser's folder with that parser. */
export function goldenCases(folder: string, parser: Parser): readonly GoldenCase[] {
  const files = readdirSync(folder).filter((file) => /\.(?:log|jsonl)$/.test(file))
  return files.map((file) => {
    const records = goldenRecords(join(folder, file))
    const made = records.map((record) => {
      const accepted = parser.accepts(record)
      return JSON.stringify(
        { record: record.id, accepted, result: described(parser.parse(record, GOLDEN_CONTEXT)) },
        undefined,
        1,
      )
    })
    const expectedFile = join(folder, file.replace(/\.[^.]+$/, '.expected.json'))
    return { name: file, lines: records.length, made: `[\n${made.join(',\n')}\n]\n`, expectedFile }
  })
}

function described(result: ReturnType<Parser['parse']>): unknown {
  if ('unknown' in result) return result
  return result.map(({ observed, ecs }) => ({ observed: observed === undefined ? null : new Date(observed).toISOString(), ecs }))
}
