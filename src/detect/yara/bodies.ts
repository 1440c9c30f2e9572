import type { Detection } from '../../kernel/detection.ts'
import type { StoredEvent } from '../../kernel/event.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import type { YaraMatch, YaraRule } from './messages.ts'
import { yaraRuleInfo } from './rule-info.ts'

/** Where events hold what was sent, received or run. */
const PLACES = [
  'http.request.body.content',
  'http.response.body.content',
  'powershell.file.script_block_text',
  'winlog.event_data.ScriptBlockText',
  'process.io.text',
  'email.body',
  'file.content',
] as const

export interface Body {
  readonly path: string
  readonly data: Uint8Array
}

/** Bodies of an event, each cut at `most` bytes. */
export function bodiesOf({ doc }: Pick<StoredEvent, 'doc'>, most: number): readonly Body[] {
  let bodies: Body[] | undefined
  for (const path of PLACES) {
    const value = getPath(doc, path)
    if (typeof value !== 'string' || value === '') continue
    bodies ??= []
    bodies.push({ path, data: Buffer.from(value).subarray(0, most) })
  }
  return bodies ?? NONE
}

const NONE: readonly Body[] = []
const PLACES_SHOWN = 10
const ENTITY_FIELDS = ['host.name', 'source.ip', 'user.name'] as const

export function bodyDetection(event: StoredEvent, body: Body, match: YaraMatch, rule: YaraRule | undefined): Detection {
  const shown = placesShown(match)
  return {
    rule: yaraRuleInfo(rule ?? { name: match.rule, file: '' }, match.meta),
    eventIds: [event.id],
    eventCount: 1,
    fields: { [body.path]: shown.map(({ text }) => text).join(' … ') },
    conditions: shown.map(({ pattern, offset, text }) => ({
      text: `${body.path} ${pattern} @${offset}: ${text}`,
      fields: [body.path],
    })),
    group: entityOf(event),
    observed: event.observed,
    received: event.received,
    scope: event.scope,
  }
}

export const placesShown = ({ places }: YaraMatch): YaraMatch['places'] => places.slice(0, PLACES_SHOWN)

/** Whom an alert is about. */
export function entityOf(event: Pick<StoredEvent, 'doc' | 'source'>): JsonObject {
  for (const field of ENTITY_FIELDS) {
    const value = getPath(event.doc, field)
    if (typeof value === 'string' && value !== '') return { [field]: value }
  }
  return { source: event.source }
}
