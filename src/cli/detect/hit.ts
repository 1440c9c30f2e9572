import type { RuleInfo } from '../../kernel/detection.ts'
import type { JsonObject } from '../../kernel/json.ts'

/** A record's place: `file` as given on the command line, `record` 1-based among the file's records. */
export interface RecordPlace {
  readonly file: string
  readonly record: number
}

/** One detection to be printed. */
export interface Hit {
  readonly rule: RuleInfo
  /** The record; for a correlation the last one. */
  readonly input: RecordPlace
  readonly fields: JsonObject
  /** A correlation's records, oldest first. */
  readonly records?: readonly RecordPlace[]
}
