import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LogSource } from '../../detect/engines/sigma/rule.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { readOptions } from '../options.ts'

export const USAGE = `Usage: kanpeki detect [options] FILE…        ('-' is standard input)

Runs Sigma and Falco rules over files: Windows event logs (EVTX), JSON (lines, documents, arrays), Windows events
in any JSON shape, syslog and access logs; gzip and zstd too.

  --rules PATH          rule file or folder, repeatable (default: Kanpeki's own rules)
  --where KEY=VALUE     only rules of this log source (product, category, service), repeatable
  --assume KEY=VALUE    the log source of events whose shape does not tell it, repeatable
  --placeholder N=V     a value for %N% in rules with the 'expand' modifier, repeatable
  --pipeline PATH       names of fields and sources of a product, and values of placeholders, repeatable
  --level LEVEL         only rules of this level and above
  --threads N           worker threads (default: 1, more for large input)
  --format FORMAT       table (default), jsonl or sarif
  --summary FILE        write counts, refused rules and unreadable records as JSON
  --fail-on-match       exit 1 when a rule matched
  -h, --help            this text

Exit: 0 ran, 1 matched and --fail-on-match was given, 2 an input was unreadable, the output could not be written or no rule was
loaded, 64 wrong usage.
`

export const FORMATS = ['table', 'jsonl', 'sarif'] as const
export type Format = (typeof FORMATS)[number]

export interface DetectOptions {
  readonly rules: readonly string[]
  readonly where: LogSource | undefined
  readonly assume: LogSource | undefined
  /** Files and folders of field-mapping pipelines, above those that ship. */
  readonly pipelines: readonly string[]
  readonly placeholders: Readonly<Record<string, readonly string[]>>
  readonly level: string | undefined
  /** Undefined: decided by the size of the input. */
  readonly threads: number | undefined
  readonly format: Format
  readonly summary: string | undefined
  readonly failOnMatch: boolean
  readonly files: readonly string[]
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}

/** Our own rules, where the package keeps them, seen from `src` and from `dist`. */
const OWN_RULES = fileURLToPath(new URL('../../../content/detections', import.meta.url))

/** Reads the command line; undefined when help was asked for. Throws `usage`. */
export function detectOptions(args: readonly string[]): DetectOptions | undefined {
  const { values, positionals } = readOptions(
    {
      args: [...args],
      allowPositionals: true,
      options: {
        rules: { type: 'string', multiple: true },
        where: { type: 'string', multiple: true },
        assume: { type: 'string', multiple: true },
        placeholder: { type: 'string', multiple: true },
        pipeline: { type: 'string', multiple: true },
        level: { type: 'string' },
        threads: { type: 'string' },
        format: { type: 'string' },
        summary: { type: 'string' },
        'fail-on-match': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    },
    USAGE,
  )
  if (values.help === true) return undefined
  if (positionals.length === 0) throw usage('no FILE was given.')
  const format = FORMATS.find((each) => each === (values.format ?? 'table'))
  if (format === undefined) throw usage(`--format ${values.format} is not one of ${FORMATS.join(', ')}.`)
  return {
    rules: values.rules ?? [OWN_RULES],
    where: logSource('where', values.where),
    assume: logSource('assume', values.assume),
    pipelines: pipelinesThere(values.pipeline ?? []),
    placeholders: placeholders(values.placeholder ?? []),
    level: values.level,
    threads: threadsOf(values.threads),
    format,
    summary: values.summary,
    failOnMatch: values['fail-on-match'] === true,
    files: positionals,
  }
}

/** A folder of a server may be absent; one that somebody names is meant. @throws KanpekiError `pipeline_missing`. */
export function pipelinesThere(paths: readonly string[]): readonly string[] {
  const absent = paths.find((path) => !existsSync(path))
  if (absent === undefined) return paths
  throw new KanpekiError('pipeline_missing', `There is no file or folder ${absent}.`, {
    remedy: 'Name field mappings that are there with --pipeline.',
  })
}

function pair(option: string, text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw usage(`--${option} ${text} is not KEY=VALUE.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function logSource(option: string, texts: readonly string[] | undefined): LogSource | undefined {
  if (texts === undefined) return undefined
  const source: { product?: string; category?: string; service?: string } = {}
  for (const text of texts) {
    const [key, value] = pair(option, text)
    if (key !== 'product' && key !== 'category' && key !== 'service') {
      throw usage(`--${option} ${text}: the key must be product, category or service.`)
    }
    source[key] = value.toLowerCase()
  }
  return source
}

function placeholders(texts: readonly string[]): Record<string, readonly string[]> {
  const found: Record<string, string[]> = {}
  for (const text of texts) {
    const [name, value] = pair('placeholder', text)
    found[name] = [...(Object.hasOwn(found, name) ? found[name]! : []), value]
  }
  return found
}

function threadsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,2}$/.test(text)) throw usage(`--threads ${text} is not a number from 1 to 999.`)
  return Number(text)
}
