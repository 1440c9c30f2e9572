import { getPath, isJsonObject, type JsonObject, type JsonValue } from '../../../src/kernel/json.ts'

/** Every leaf of an event with its dotted path, in the order people look: time, what, who, where, then the rest by name. */
export function flatten(doc: JsonObject): readonly (readonly [string, string])[] {
  const rows: [string, string][] = []
  const walk = (value: JsonValue, path: string): void => {
    if (isJsonObject(value)) {
      const entries = Object.entries(value)
      if (entries.length === 0) rows.push([path, '{}'])
      for (const [key, child] of entries) walk(child, path === '' ? key : `${path}.${key}`)
    } else if (Array.isArray(value) && !value.some((item) => typeof item === 'object' && item !== null)) {
      for (const item of value) rows.push([path, String(item)])
    } else rows.push([path, typeof value === 'string' ? value : JSON.stringify(value)])
  }
  walk(doc, '')
  return rows.toSorted(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
}

const FIRST = ['@timestamp', 'message', 'event', 'host', 'user', 'source', 'destination', 'process', 'file', 'url', 'http']

function rank(path: string): number {
  const at = FIRST.findIndex((prefix) => path === prefix || path.startsWith(`${prefix}.`))
  return at < 0 ? FIRST.length : at
}

function text(doc: JsonObject, path: string): string | undefined {
  const value = getPath(doc, path)
  if (typeof value === 'string' && value !== '') return value
  return typeof value === 'number' ? String(value) : undefined
}

export interface Gist {
  /** What happened, in a word or two. */
  readonly what: string
  readonly host: string
  /** The details that tell one event from the next. */
  readonly detail: string
}

const DETAILS = [
  'process.command_line',
  'process.executable',
  'process.name',
  'file.path',
  'registry.path',
  'url.original',
  'dns.question.name',
  'user.name',
  'source.ip',
  'destination.ip',
] as const

const WEB_DETAILS = ['url.original', 'url.path', 'http.response.status_code', 'source.ip', 'user.name'] as const

/** One event as one line: an action, where, and its telling fields; the message where there are none. */
export function gistOf(doc: JsonObject, parser: string): Gist {
  const code = text(doc, 'event.code')
  const action = text(doc, 'event.action') ?? text(doc, 'http.request.method') ?? text(doc, 'event.category')
  const outcome = text(doc, 'event.outcome')
  const what = [action ?? (code === undefined ? parser : code), outcome === 'failure' ? '✕' : '']
    .filter((word) => word !== '')
    .join(' ')
  const details: string[] = []
  const web = getPath(doc, 'http.request.method') !== undefined
  for (const field of web ? WEB_DETAILS : DETAILS) {
    const value = text(doc, field)
    if (value !== undefined && !details.some((known) => known.includes(value))) details.push(value)
    if (details.length === 3) break
  }
  const message = text(doc, 'message') ?? text(doc, 'event.original')
  return {
    what,
    host: text(doc, 'host.name') ?? text(doc, 'host.hostname') ?? text(doc, 'winlog.computer_name') ?? '',
    detail: details.length > 0 ? details.join('  ·  ') : (message ?? ''),
  }
}

/** Fields worth asking about first; those seen in the events at hand follow by name. */
export const KNOWN_FIELDS = [
  'event.action',
  'event.category',
  'event.code',
  'event.outcome',
  'host.name',
  'user.name',
  'source.ip',
  'destination.ip',
  'destination.port',
  'process.name',
  'process.parent.name',
  'process.command_line',
  'file.path',
  'url.path',
  'http.response.status_code',
  'dns.question.name',
  'winlog.channel',
  'winlog.event_id',
  'kanpeki.source',
  'kanpeki.parser',
] as const

/** Which fields the events carry, known ones first. */
export function fieldsOf(docs: readonly JsonObject[]): { readonly known: readonly string[]; readonly other: readonly string[] } {
  const seen = new Set<string>()
  for (const doc of docs) for (const [path] of flatten(doc)) seen.add(path)
  const known = KNOWN_FIELDS.filter((field) => seen.has(field) || field.startsWith('kanpeki.'))
  const skip = new Set<string>([...KNOWN_FIELDS, '@timestamp', 'event.id', 'event.ingested', 'message', 'event.original'])
  return { known, other: [...seen].filter((field) => !skip.has(field)).sort() }
}
