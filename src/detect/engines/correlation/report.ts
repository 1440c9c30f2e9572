import type { Detection } from '../../../kernel/detection.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { type EvidenceSource, type Item, type Origin, precedes } from './item.ts'
import type { LinkedRule } from './link.ts'

/** The most event ids that a detection lists: the oldest and the one that completed it. `eventCount` is the true number. */
const LISTED_EVENTS = 100
/** The most distinct values that `fields` shows of what was counted. */
const LISTED_VALUES = 20

type EventOrigin = Extract<Origin, { kind: 'event' }>
type Evidence = Map<string, { readonly item: Item; readonly origin: EventOrigin }>

/** The detection for a rule that became true at `item` of `window`. */
export function describeFiring(rule: LinkedRule, window: EvidenceSource, item: Item, scope: string): Detection {
  const { items, figure } = window.evidenceAt(item)
  const events: Evidence = new Map()
  collect(items, events)
  const sorted = [...events.values()].sort((a, b) => (precedes(a.item, b.item) ? -1 : 1))
  const last = sorted.at(-1)?.origin
  const group = Object.fromEntries(rule.spec.groupBy.map((field, place) => [field, item.group[place] ?? null]))
  const byReceived = sorted.some(({ origin }) => origin.byReceived)
  return {
    rule: rule.info,
    eventIds: listed(sorted.map(({ origin }) => origin.id)),
    eventCount: sorted.length,
    fields: {
      ...group,
      ...countedFields(rule, items),
      'correlation.type': rule.spec.type,
      'correlation.condition': rule.spec.conditionText,
      'correlation.figure': figure,
      'correlation.seconds': rule.spec.span / 1000,
      ...(byReceived ? { 'correlation.time': 'received' } : {}),
    },
    conditions: [{ text: conditionText(rule), fields: [...rule.spec.groupBy, ...rule.spec.valueFields] }],
    group,
    observed: last?.observed ?? item.time,
    received: last?.received ?? item.time,
    scope,
  }
}

/** `value_count(host.name) ≥ 3 in 300 s by user.name` */
function conditionText({ spec }: LinkedRule): string {
  const of = spec.valueFields.length > 0 ? spec.valueFields.join(', ') : spec.rules.join(', ')
  const by = spec.groupBy.length > 0 ? ` by ${spec.groupBy.join(', ')}` : ''
  return `${spec.type}(${of}) ${spec.conditionText} in ${spec.span / 1000} s${by}`
}

function listed(ids: readonly string[]): readonly string[] {
  return ids.length <= LISTED_EVENTS ? ids : [...ids.slice(0, LISTED_EVENTS - 1), ...ids.slice(-1)]
}

/** Events behind the items, through correlations below; an event that several of them used is one event. */
function collect(items: readonly Item[], events: Evidence): void {
  for (const item of items) {
    if (item.origin.kind === 'correlation') collect(item.origin.window.evidenceAt(item.origin.item).items, events)
    else if (!events.has(item.origin.id)) events.set(item.origin.id, { item, origin: item.origin })
  }
}

function countedFields(rule: LinkedRule, items: readonly Item[]): Record<string, JsonValue> {
  if (rule.spec.type !== 'value_count') return {}
  const values = [...new Set(items.flatMap(({ values }) => values))].slice(0, LISTED_VALUES)
  return { [rule.spec.valueFields.join(', ')]: values }
}
