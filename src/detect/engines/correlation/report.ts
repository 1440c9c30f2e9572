import type { Detection } from '../../../kernel/detection.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import type { GroupWindow } from './group-window.ts'
import { type Item, type Origin, precedes } from './item.ts'
import type { LinkedRule } from './link.ts'

/** The most event ids that a detection lists; `eventCount` is the true number. */
const LISTED_EVENTS = 100
/** The most distinct values that `fields` shows of what was counted. */
const LISTED_VALUES = 20

type EventOrigin = Extract<Origin, { kind: 'event' }>
type Evidence = Map<string, { readonly item: Item; readonly origin: EventOrigin }>

/** The detection for a rule that became true at `item` of `window`. */
export function describeFiring(rule: LinkedRule, window: GroupWindow, item: Item, scope: string): Detection {
  const { items, figure } = window.evidenceAt(item)
  const events: Evidence = new Map()
  collect(items, events)
  const sorted = [...events.values()].sort((a, b) => (precedes(a.item, b.item) ? -1 : 1))
  const last = sorted.at(-1)?.origin
  const group = Object.fromEntries(rule.spec.groupBy.map((field, place) => [field, item.group[place] ?? null]))
  const byReceived = sorted.some(({ origin }) => origin.byReceived)
  return {
    rule: rule.info,
    eventIds: sorted.slice(0, LISTED_EVENTS).map(({ origin }) => origin.id),
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
    group,
    observed: last?.observed ?? item.time,
    received: last?.received ?? item.time,
    scope,
  }
}

/** Events behind the items, through correlations below; an event that several of them used is one event. */
function collect(items: readonly Item[], events: Evidence): void {
  for (const item of items) {
    if (item.origin.kind === 'correlation') collect(item.origin.group.evidenceAt(item.origin.item).items, events)
    else if (!events.has(item.origin.id)) events.set(item.origin.id, { item, origin: item.origin })
  }
}

function countedFields(rule: LinkedRule, items: readonly Item[]): Record<string, JsonValue> {
  if (rule.spec.type !== 'value_count') return {}
  const values = [...new Set(items.flatMap(({ values }) => values))].slice(0, LISTED_VALUES)
  return { [rule.spec.valueFields.join(', ')]: values }
}
