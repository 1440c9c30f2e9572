import { eventTime } from '../../detect/input/event-time.ts'
import { type FilePart, readPart } from '../../detect/input/read-part.ts'
import type { Unreadable } from '../../detect/input/record.ts'
import type { LineParsers } from '../../detect/input/text-records.ts'
import type { RuleMatch, RuleProgram } from '../../detect/rule-program.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'

/** A match by the rule's number: threads load the same rules in the same order. */
export interface NumberedHit {
  readonly rule: number
  readonly record: number
  readonly fields: JsonObject
}

/** An event that a correlation watches. */
export interface BaseEvent {
  readonly record: number
  readonly observed: number | undefined
  readonly doc: JsonObject
  readonly matched: readonly string[]
}

export interface PartResult {
  readonly hits: readonly NumberedHit[]
  readonly base: readonly BaseEvent[]
  readonly unreadable: readonly Unreadable[]
  /** Set when the file as a whole could not be read. */
  readonly failed: boolean
  readonly records: number
  readonly readRecords: number
  readonly lines: number
}

export interface PartRunner {
  readonly program: RuleProgram
  /** Ids of rules that correlations are built on. */
  readonly watched: ReadonlySet<string>
  readonly parsers: () => Promise<LineParsers>
  readonly now: number
}

/** Runs the rules over one part of a file. Numbers of records and lines are those of the part. */
export async function runPart(part: FilePart, runner: PartRunner): Promise<PartResult> {
  const { program, watched } = runner
  const numbers = new Map(program.rules.map((rule, index) => [rule, index]))
  const hits: NumberedHit[] = []
  const base: BaseEvent[] = []
  const unreadable: Unreadable[] = []
  let read = 0
  const take = (matches: readonly RuleMatch[], record: number, doc: () => JsonObject) => {
    const matched: string[] = []
    for (const match of matches) {
      if (!match.silent) hits.push({ rule: numbers.get(match.info)!, record, fields: match.fields })
      if (watched.has(match.info.id)) matched.push(match.info.id)
    }
    if (matched.length > 0) base.push({ record, observed: eventTime(doc()), doc: doc(), matched })
  }
  const sink = {
    record(doc: JsonObject, record: number) {
      read += 1
      const matches = program.match(doc)
      if (matches.length > 0) take(matches, record, () => doc)
    },
    scanned: {
      scan: program.scan,
      take(record: number) {
        read += 1
        const matches = program.matchScan()
        if (matches.length > 0) take(matches, record, () => program.scan.doc())
      },
    },
    unreadable(line: number | undefined, reason: string) {
      unreadable.push({ file: part.file, ...(line === undefined ? {} : { line }), reason })
    },
  }
  try {
    const { records, lines } = await readPart(part, { parsers: runner.parsers, now: runner.now }, sink)
    return { hits, base, unreadable, failed: false, records, readRecords: read, lines }
  } catch (error) {
    if (!(error instanceof KanpekiError) || error.code !== 'input-unreadable') throw error
    unreadable.push({ file: part.file, reason: [error.message, error.remedy].join(' ').trim() })
    return { hits, base, unreadable, failed: true, records: read, readRecords: read, lines: 0 }
  }
}
