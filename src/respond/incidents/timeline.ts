import { readJson } from '../../platform/state/columns.ts'
import type { IncidentDeps, IncidentEvent } from './deps.ts'
import { alertsOf, type Db, entriesOf } from './queries.ts'
import type { GraphReply, TimelineItem } from './schema.ts'
import type { IncidentsTable } from './tables.ts'
import { iso } from './view.ts'
import { type Both, same } from './words.ts'

const MOST_EVENTS = 300
const MOST_NODES = 28
/** Of events that follow each other with nothing between, so many are shown at each end. */
const FOLD_ENDS = 4

/** Events, alerts, what people and playbooks did, and every change: in one line, oldest first. */
export async function timelineOf(
  deps: IncidentDeps,
  db: Db,
  incident: IncidentsTable,
): Promise<{ readonly items: TimelineItem[]; readonly hiddenEvents: number }> {
  const [alerts, entries] = [await alertsOf(db, [incident.id]), await entriesOf(db, incident.id)]
  const { named, events } = await eventsIn(deps, incident, alerts)
  const runs = await deps.runs(incident.scope, incident.id)
  const places = await deps.ledgerIndexes(entries.map(({ outbox }) => outbox))
  const items: TimelineItem[] = [
    ...events.map((event): TimelineItem => item(event.at, 'event', event.lane, null, same(event.summary), '', event.id)),
    ...alerts.map((row): TimelineItem => {
      const text = { en: `${row.title}: ${row.entity_name}`, ja: `${row.title_ja}：${row.entity_name}` }
      return item(row.raised, 'alert', `P${row.severity}`, null, text, '', row.alert_id)
    }),
    ...entries.map((entry): TimelineItem => {
      const { text } = readJson<{ readonly text: Both }>(entry.detail)
      const made = item(entry.at, 'deed', entry.kind, entry.by_name, text, entry.note, null)
      return { ...made, entry: places.get(entry.outbox) ?? null }
    }),
    ...runs.flatMap((run): TimelineItem[] => [
      item(run.started, 'run', 'started', null, run.title, '', run.id),
      ...run.actions.map(({ at, text }) => item(at, 'run', run.simulated ? 'planned' : 'action', null, text, '', run.id)),
      ...(run.ended === null ? [] : [item(run.ended, 'run', run.state, null, run.title, '', run.id)]),
    ]),
  ]
  const ordered = items.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return { items: folded(ordered), hiddenEvents: named - events.length }
}

/** Two hundred sign-ins in a row would hide what was done about them. */
function folded(items: readonly TimelineItem[]): TimelineItem[] {
  const out: TimelineItem[] = []
  let begin = 0
  while (begin < items.length) {
    let end = begin
    while (end < items.length && items[end]!.kind === 'event') end += 1
    const run = items.slice(begin, end)
    const between = run.length - 2 * FOLD_ENDS
    if (between < 2) out.push(...run)
    else {
      const text = { en: `… ${between} more events`, ja: `…ほか${between}件のイベント` }
      out.push(...run.slice(0, FOLD_ENDS), { ...run[FOLD_ENDS]!, what: 'folded', text, ref: null }, ...run.slice(-FOLD_ENDS))
    }
    if (end < items.length) out.push(items[end]!)
    begin = end + 1
  }
  return out
}

function item(
  at: number,
  kind: TimelineItem['kind'],
  what: string,
  by: string | null,
  text: Both,
  note: string,
  ref: string | null,
): TimelineItem {
  return { at: iso(at), kind, what, by, text, note, ref, entry: null }
}

async function eventsIn(
  deps: IncidentDeps,
  incident: IncidentsTable,
  alerts: readonly { readonly events: string }[],
): Promise<{ readonly named: number; readonly events: readonly IncidentEvent[] }> {
  const ids = [...new Set(alerts.flatMap(({ events }) => readJson<string[]>(events)))]
  return { named: ids.length, events: ids.length === 0 ? [] : await deps.events(incident.scope, ids.slice(0, MOST_EVENTS)) }
}

/** Who and what is joined by which alerts: entities of alerts and of their events. */
export async function graphOf(deps: IncidentDeps, db: Db, incident: IncidentsTable): Promise<GraphReply> {
  const alerts = await alertsOf(db, [incident.id])
  const { events } = await eventsIn(deps, incident, alerts)
  const byId = new Map(events.map((event) => [event.id, event]))
  const nodes = new Map<string, { id: string; kind: string; label: Both; count: number }>()
  const edges = new Map<string, { from: string; to: string; count: number }>()
  const touch = (id: string, kind: string, label: Both, count: number): void => {
    const before = nodes.get(id)
    nodes.set(id, { id, kind, label, count: (before?.count ?? 0) + count })
  }
  const join = (from: string, to: string): void => {
    const key = `${from}\n${to}`
    edges.set(key, { from, to, count: (edges.get(key)?.count ?? 0) + 1 })
  }
  for (const alert of alerts) {
    const rule = `alert:${alert.rule_id}`
    touch(rule, 'alert', { en: alert.title, ja: alert.title_ja }, 1)
    const about = [
      { kind: alert.entity_kind, name: alert.entity_name },
      ...readJson<string[]>(alert.events).flatMap((id) => byId.get(id)?.entities ?? []),
    ]
    for (const { kind, name } of about) {
      const entity = `${kind}:${name.toLowerCase()}`
      touch(entity, kind, same(name), 1)
      join(rule, entity)
    }
  }
  // The most joined are shown: what several rules name says more than what a hundred events of one do.
  const joined = (id: string): number => [...edges.values()].filter(({ from, to }) => from === id || to === id).length
  const shown = [...nodes.values()]
    .map((node) => ({ node, weight: node.kind === 'alert' ? Number.POSITIVE_INFINITY : joined(node.id) }))
    .toSorted((a, b) => b.weight - a.weight || b.node.count - a.node.count || (a.node.id < b.node.id ? -1 : 1))
    .slice(0, MOST_NODES)
    .map(({ node }) => node)
  const ids = new Set(shown.map(({ id }) => id))
  return {
    nodes: shown,
    edges: [...edges.values()].filter(({ from, to }) => ids.has(from) && ids.has(to)),
    hidden: nodes.size - shown.length,
  }
}
