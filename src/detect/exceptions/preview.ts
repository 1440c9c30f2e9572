import type { Kysely } from 'kysely'
import type { JsonObject } from '../../kernel/json.ts'
import { readJson } from '../../platform/state/columns.ts'
import { rfc3339, type StoredDetail } from '../alerts-view.ts'
import type { DetectTables } from '../tables.ts'
import { holds } from './match.ts'
import { alertsOfRule, type PastAlert, techniquesWithout } from './queries.ts'
import type { ExceptionPreview, ExceptionWhat } from './schema.ts'

export const PREVIEW_DAYS = 90
const DAY_MS = 86_400_000
const ALERTS_LOOKED_AT = 2000
const ALERTS_SHOWN = 50
const EVENTS_A_QUESTION = 1000

/** Documents of events by id; those that are gone are not among them. */
export type DocsOf = (scope: string, ids: readonly string[]) => Promise<ReadonlyMap<string, JsonObject>>

/**
 * What an exception would have hidden of what was raised lately: each event behind each alert of the rule is looked at
 * again, as it lies in the lake.
 */
export async function previewOf(
  db: Kysely<DetectTables>,
  scope: string,
  what: ExceptionWhat,
  docsOf: DocsOf,
  now: number,
): Promise<ExceptionPreview> {
  const since = now - PREVIEW_DAYS * DAY_MS
  const alerts = (await alertsOfRule(db, what.rule, since, ALERTS_LOOKED_AT)).map((row) => ({
    row,
    detail: readJson<StoredDetail>(row.detail),
  }))
  // A rule that is switched off loses all it found: nothing has to be looked up.
  const docs =
    what.conditions.length === 0
      ? new Map<string, JsonObject>()
      : await documents(
          scope,
          alerts.flatMap(({ detail }) => detail.eventIds),
          docsOf,
        )
  const hidden: PastAlert[] = []
  let smaller = 0
  let partly = 0
  for (const { row, detail } of alerts) {
    const verdicts = lookedAt(detail, docs).map((looked) => holds(what.conditions, looked))
    if (what.conditions.length > 0 && row.count > detail.eventIds.filter((id) => docs.has(id)).length) partly += 1
    if (verdicts.every(Boolean)) hidden.push(row)
    else if (verdicts.some(Boolean)) smaller += 1
  }
  const gone = new Set(hidden.map((row) => row.id))
  const others = await techniquesWithout(db, what.rule, since)
  const left = new Set(alerts.flatMap(({ row }) => (gone.has(row.id) ? [] : readJson<string[]>(row.techniques))))
  const count = (verdict: PastAlert['verdict']): number => hidden.filter((row) => row.verdict === verdict).length
  const verdicts = { true: count('true'), expected: count('expected'), false: count('false') }
  return {
    days: PREVIEW_DAYS,
    alerts: alerts.length,
    hidden: hidden.length,
    smaller,
    verdicts: { ...verdicts, open: hidden.length - verdicts.true - verdicts.expected - verdicts.false },
    list: hidden
      .toSorted((a, b) => Number(b.verdict === 'true') - Number(a.verdict === 'true') || b.raised - a.raised)
      .slice(0, ALERTS_SHOWN)
      .map(({ id, entity_name: entity, raised, count: detections, verdict }) => ({
        id,
        entity,
        raisedAt: rfc3339(raised),
        count: detections,
        verdict,
      })),
    techniquesLost: [...new Set(hidden.flatMap((row) => readJson<string[]>(row.techniques)))]
      .filter((technique) => !others.has(technique) && !left.has(technique))
      .sort(),
    partly,
  }
}

async function documents(scope: string, ids: readonly string[], docsOf: DocsOf): Promise<ReadonlyMap<string, JsonObject>> {
  const unique = [...new Set(ids)]
  const found = new Map<string, JsonObject>()
  for (let at = 0; at < unique.length; at += EVENTS_A_QUESTION)
    for (const [id, doc] of await docsOf(scope, unique.slice(at, at + EVENTS_A_QUESTION))) found.set(id, doc)
  return found
}

/** What is known of the first detection stands for events that are gone; the others are judged by their own documents. */
function lookedAt({ group, fields, eventIds }: StoredDetail, docs: ReadonlyMap<string, JsonObject>) {
  const there = eventIds.flatMap((id, index) => {
    const doc = docs.get(id)
    return doc === undefined ? [] : [{ group, fields: index === 0 ? fields : {}, doc }]
  })
  return there.length === 0 ? [{ group, fields, doc: undefined }] : there
}
