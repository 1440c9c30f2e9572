import { sarifFormatter } from './format-sarif.ts'
import { tableFormatter } from './format-table.ts'
import type { Formatter } from './formatter.ts'
import type { Hit } from './hit.ts'
import type { Format } from './options.ts'

export function formatterOf(format: Format, options: { readonly colour: boolean }): Formatter {
  if (format === 'sarif') return sarifFormatter()
  return format === 'jsonl' ? jsonLines : tableFormatter(options.colour)
}

/** One object a line, as docs of `detect` promise it. */
const jsonLines: Formatter = {
  hit: ({ rule, input, records, fields }) =>
    `${JSON.stringify({
      rule: { id: rule.id, title: rule.title, level: rule.level, file: rule.file },
      input: records === undefined ? input : { ...input, records: recordsIn(input.file, records), ...otherInputs(records) },
      techniques: rule.techniques,
      fields,
    })}\n`,
  end: () => '',
}

function recordsIn(file: string, records: NonNullable<Hit['records']>): number[] {
  return records.filter((place) => place.file === file).map((place) => place.record)
}

/** A correlation over several files names every record with its file. */
function otherInputs(records: NonNullable<Hit['records']>): { inputs?: NonNullable<Hit['records']> } {
  return new Set(records.map((place) => place.file)).size > 1 ? { inputs: records } : {}
}
