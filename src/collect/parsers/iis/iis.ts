import type { Parser } from '../../../kernel/plugin.ts'
import { type IisFields, iisDocument } from '../../normalise/iis-request.ts'
import { isoTime } from '../../normalise/time.ts'

/** Fields that are on when nobody chose others, by how many they are: IIS 7 and later, then 10 with the address of the client's proxy. */
const DEFAULTS: ReadonlyMap<number, readonly string[]> = new Map(
  [
    'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken',
    'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken',
    'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken X-Forwarded-For',
  ].map((names) => [names.split(' ').length, names.split(' ')]),
)

const BEGINS = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S/
/** An address, a method in capitals and a path follow in the default layout. */
const DEFAULT_LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [0-9a-fA-F.:%]{3,45} [A-Z]{3,20} \//
const DIRECTIVE = /^#(?:Software|Version|Date|Fields|Start-Date|End-Date|Remark): ?(.*)$/

const MAX_LINE = 65_536

/**
 * IIS logs in the W3C extended format. The `#Fields` line above says what the columns are (the sources hand it over as the
 * record's header); without one, IIS's own default layouts are known. Times are UTC by the format, whatever the zone of the source.
 */
export const iis: Parser = {
  id: 'iis',

  accepts({ text, header }) {
    if (text === undefined) return false
    if (text.charCodeAt(0) === 35) return DIRECTIVE.test(text)
    if (header?.startsWith('#Fields: ') === true) return true
    return DEFAULT_LINE.test(text)
  },

  parse({ text, header }) {
    if (text === undefined) return { unknown: 'an IIS log record is text; this is JSON' }
    if (text.length > MAX_LINE) return { unknown: 'longer than a line of IIS can be' }
    if (text.charCodeAt(0) === 35) return directive(text)
    const values = text.split(' ')
    const names = header === undefined ? DEFAULTS.get(values.length) : namesOf(header)
    if (names === undefined) {
      return { unknown: `a line of ${values.length} columns without the #Fields line that names them` }
    }
    if (names.length !== values.length) {
      return { unknown: `${values.length} columns where the #Fields line names ${names.length}` }
    }
    if (header === undefined && !BEGINS.test(text)) return { unknown: 'no date and time where IIS’s default layout has them' }
    const fields: Record<string, string> = {}
    for (const [index, name] of names.entries()) if (values[index] !== '-') fields[name] = values[index]!
    const { date, time } = fields as IisFields
    const observed = date === undefined || time === undefined ? undefined : isoTime(`${date} ${time}`, 0)
    return [{ observed, ecs: iisDocument(fields, text) }]
  },
}

function namesOf(header: string): readonly string[] {
  return header
    .slice('#Fields: '.length)
    .trim()
    .split(' ')
    .map((name) => name.replace(/^__proto__$/, '_proto_'))
}

/** Directives are kept: `#Date` says when the server began to write, `#Fields` what it left out. */
function directive(text: string): ReturnType<Parser['parse']> {
  const match = DIRECTIVE.exec(text)
  if (match === null) return { unknown: 'a comment, and no directive of the W3C extended log format' }
  const observed = text.startsWith('#Date: ') ? isoTime(match[1]!.trim(), 0) : undefined
  return [
    {
      observed,
      ecs: { message: text, event: { kind: 'event', module: 'iis', dataset: 'iis.access', action: 'log-directive' } },
    },
  ]
}
