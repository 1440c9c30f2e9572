import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ParseContext, RawRecord } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Parser } from '../../kernel/plugin.ts'
import { joinLines } from '../join/lines.ts'

/** The surroundings of every golden record: received on a fixed day, in a zone that shows where it is forgotten. */
export const GOLDEN_CONTEXT: ParseContext = { received: Date.UTC(2026, 0, 15, 12), zoneMinutes: 540, prefer: [] }

export interface GoldenCase {
  readonly name: string
  readonly lines: number
  readonly documents: readonly JsonObject[]
  /** Records that the parser can read, but does not accept. */
  readonly missed: readonly string[]
  /** What the parser makes of the file, as it is kept beside it. */
  readonly made: string
  readonly expectedFile: string
}

/** A line of a golden file: JSON lines (`.jsonl`) are objects, `.log` is text, joined as the sources join it. */
export function goldenRecords(path: string): readonly RawRecord[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  const id = (index: number): string => `${basename(path)}:${index + 1}`
  if (path.endsWith('.jsonl')) return lines.map((line, index) => ({ id: id(index), json: JSON.parse(line) as JsonObject }))
  const records = lines.map((text, index) => ({ id: id(index), text }))
  return joinLines(records, {}, true).records
}

/** Reads every golden file of a parser's folder with that parser. */
export function goldenCases(folder: string, parser: Parser): readonly GoldenCase[] {
  const files = readdirSync(folder).filter((file) => /\.(?:log|jsonl)$/.test(file))
  return files.map((file) => {
    const records = goldenRecords(join(folder, file))
    const documents: JsonObject[] = []
    const missed: string[] = []
    const made = records.map((record) => {
      const accepted = parser.accepts(record)
      const result = parser.parse(record, GOLDEN_CONTEXT)
      if (!('unknown' in result || accepted)) missed.push(record.id)
      if (!('unknown' in result)) documents.push(...result.map(({ ecs }) => ecs))
      return JSON.stringify({ record: record.id, accepted, result: described(result) }, undefined, 1)
    })
    const expectedFile = join(folder, file.replace(/\.[^.]+$/, '.expected.json'))
    return { name: file, lines: records.length, documents, missed, made: `[\n${made.join(',\n')}\n]\n`, expectedFile }
  })
}

function described(result: ReturnType<Parser['parse']>): unknown {
  if ('unknown' in result) return result
  return result.map(({ observed, ecs }) => ({ observed: observed === undefined ? null : new Date(observed).toISOString(), ecs }))
}
