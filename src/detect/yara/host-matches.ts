import type { Detection } from '../../kernel/detection.ts'
import type { StoredEvent } from '../../kernel/event.ts'
import { getPath, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { entityOf, placesShown } from './bodies.ts'
import type { YaraMatch } from './messages.ts'
import { yaraRuleInfo } from './rule-info.ts'

/** Where an agent writes what YARA found in a file on its host. */
export const HOST_MATCHES = 'kanpeki_agent.yara'
export const YARA_ACTION = 'yara-match'
const MOST = 50
const NAME = /^[A-Za-z_]\w{0,127}$/

/**
 * What an agent's YARA found, as detections: one a rule. The server cannot look again, for the file stays on the host, and so it
 * takes the agent's word; an alert has the same rule and host as where the server finds it itself.
 */
export function hostMatches(event: Omit<StoredEvent, 'sequence'>): readonly Detection[] {
  if (getPath(event.doc, 'event.action') !== YARA_ACTION) return NONE
  const found = getPath(event.doc, `${HOST_MATCHES}.matches`)
  if (!Array.isArray(found)) return NONE
  const path = String(getPath(event.doc, 'file.path') ?? '')
  return (found as readonly JsonValue[]).slice(0, MOST).flatMap((one): Detection[] => {
    const match = matchIn(one)
    if (match === undefined) return []
    return [
      {
        rule: yaraRuleInfo({ name: match.rule, file: '' }, match.meta),
        eventIds: [event.id],
        eventCount: 1,
        fields: { 'file.path': path },
        conditions: placesShown(match).map(({ pattern, offset, text }) => ({
          text: `${path} ${pattern} @${offset}: ${text}`,
          fields: ['file.path'],
        })),
        group: entityOf(event),
        observed: event.observed,
        received: event.received,
        scope: event.scope,
      },
    ]
  })
}

const NONE: readonly Detection[] = []

/** Anybody who may send events may send this one. */
function matchIn(value: JsonValue): YaraMatch | undefined {
  if (!isJsonObject(value)) return undefined
  const { rule, meta, places } = value
  if (typeof rule !== 'string' || !NAME.test(rule)) return undefined
  return {
    rule,
    tags: [],
    meta: isJsonObject(meta) ? plain(meta) : {},
    places: (Array.isArray(places) ? (places as readonly JsonValue[]) : []).slice(0, MOST).flatMap((place) => {
      if (!isJsonObject(place)) return []
      const { pattern, offset, length, text } = place
      if (typeof pattern !== 'string' || typeof offset !== 'number' || typeof length !== 'number' || typeof text !== 'string')
        return []
      return [{ pattern: pattern.slice(0, 128), offset, length, text: text.slice(0, 200) }]
    }),
    more: false,
  }
}

const plain = (meta: JsonObject): YaraMatch['meta'] =>
  Object.fromEntries(
    Object.entries(meta).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[key, value] as const] : [],
    ),
  )
