import type { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { Source, SourceBatch, SourceContext } from '../../kernel/plugin.ts'
import type { SourceKind } from '../schema.ts'
import { fileSource } from './file/file.ts'
import { fileConfig } from './file/schema.ts'
import { gelfSource } from './gelf/gelf.ts'
import { gelfConfig } from './gelf/schema.ts'
import { importSource } from './import/import.ts'
import { importConfig } from './import/schema.ts'
import { syslogConfig } from './syslog/schema.ts'
import { syslogSource } from './syslog/syslog.ts'

/** A kind of source. Those that are sent to (`http`) have no `open`: a handler takes what comes. */
export interface SourceEntry {
  readonly id: SourceKind
  /** Opens the source with stored settings. @throws KanpekiError `bad_config`. */
  readonly open?: (config: unknown, context: SourceContext) => AsyncIterable<SourceBatch>
}

/** Every kind of source; a test compares this list with the folders. */
export const SOURCES: readonly SourceEntry[] = [
  { id: 'http' },
  pulled('syslog', syslogSource, syslogConfig),
  pulled('gelf', gelfSource, gelfConfig),
  pulled('file', fileSource, fileConfig),
  pulled('import', importSource, importConfig),
]

function pulled<Config>(id: SourceKind, source: Source<Config>, schema: z.ZodType<Config>): SourceEntry {
  return {
    id,
    open(config, context) {
      // Parsed again although it was when it was written: an older version may have written it.
      const parsed = schema.safeParse(config)
      if (parsed.success) return source.open(parsed.data, context)
      const issue = parsed.error.issues[0]
      throw new KanpekiError('bad_config', `The settings of this source are not valid: ${issue?.message ?? 'unknown'}.`, {
        place: { field: issue?.path.join('.') ?? '' },
        remedy: 'Write them again.',
      })
    },
  }
}
