import type { MatchedCondition, Severity, Tactic } from '../kernel/detection.ts'
import type { JsonObject } from '../kernel/json.ts'
import { readJson } from '../platform/state/columns.ts'
import type { AlertSummary } from './schema.ts'
import type { AlertRow } from './tables.ts'

/** What an alert keeps besides its columns. */
export interface StoredDetail {
  readonly description: string
  readonly descriptionJa: string
  readonly group: JsonObject
  readonly fields: JsonObject
  readonly conditions: readonly MatchedCondition[]
  readonly eventIds: readonly string[]
}

const YEAR_10000 = 253_402_300_800_000

/** An event's own clock can say anything: what RFC 3339 cannot write becomes its nearest time. */
export function rfc3339(ms: number): string {
  return new Date(Math.min(Math.max(Math.trunc(ms), 0), YEAR_10000 - 1)).toISOString()
}

export function orNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : rfc3339(ms)
}

export function seconds(ms: number): number {
  return Math.round(ms) / 1000
}

export function asSeverity(value: number): Severity {
  return value <= 1 ? 1 : value >= 5 ? 5 : (value as Severity)
}

export function summaryOf(row: AlertRow): AlertSummary {
  return {
    id: row.id,
    storyId: row.story_id,
    rule: {
      id: row.rule_id,
      version: row.rule_version,
      title: row.title,
      titleJa: row.title_ja,
      level: row.level,
      file: row.file,
    },
    severity: row.severity,
    entity: { kind: row.entity_kind, name: row.entity_name },
    techniques: readJson<string[]>(row.techniques),
    tactics: readJson<Tactic[]>(row.tactics),
    count: row.count,
    eventCount: row.event_count,
    firstObserved: rfc3339(row.first_observed),
    lastObserved: rfc3339(row.last_observed),
    received: rfc3339(row.received),
    raisedAt: rfc3339(row.raised),
    delaySeconds: {
      fromReceived: seconds(row.raised - row.received),
      fromObserved: seconds(row.raised - row.first_observed),
    },
    state: row.state,
    verdict: row.verdict,
    assignee: row.assignee,
    quietUntil: orNull(row.quiet_until),
  }
}

/** Folds width and case, so that ｗｅｂ－０３ finds web-03. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
