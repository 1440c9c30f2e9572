import { parseRecord } from '../collect/normalise/parse-record.ts'
import { splitBody } from '../collect/sources/http/formats.ts'
import type { RuleSet } from '../detect/rule-set.ts'
import { judge, type RaisedAlert } from '../detect/scenarios/judge.ts'
import type { Scenario } from '../detect/scenarios/load.ts'
import type { RunDetail } from '../detect/scenarios/queries.ts'
import type { Result } from '../detect/scenarios/schema.ts'
import type { RuleInfo } from '../kernel/detection.ts'
import { SELFTEST_SCOPE, SELFTEST_SOURCE, type StoredEvent } from '../kernel/event.ts'
import { finishDocument, markScenario } from './pipeline/build-event.ts'
import { scenarioBodies } from './scenario-bodies.ts'

export interface OfflineResult {
  readonly scenario: Scenario
  readonly result: Result
  readonly detail: RunDetail
  /** Records that no parser could read, with the reason. */
  readonly unread: readonly string[]
  /** Rules that spoke on a part although nobody asked them to: 0 is the attack, 1 … the near misses. */
  readonly others: readonly { readonly part: number; readonly rule: RuleInfo }[]
  readonly events: readonly StoredEvent[]
}

/**
 * Executes scenarios without a server: through the parsers and the rules, not through lake and state. It says what a rule
 * set would see; it proves nothing about an installation.
 * @param now milliseconds UTC.
 */
export function executeOffline(
  scenarios: readonly Scenario[],
  rules: Pick<RuleSet, 'match' | 'feed' | 'rules'>,
  run: string,
  now: number,
): OfflineResult[] {
  return scenarios.map((scenario) => {
    const { bodies, prefixes, records } = scenarioBodies(scenario, run, now, 0)
    const unread: string[] = []
    const events: StoredEvent[] = []
    for (const body of bodies) {
      for (const record of splitBody(body).records) {
        const parsed =
          record.unreadable === undefined
            ? parseRecord(record, { received: now, zoneMinutes: 0, prefer: [] })
            : { unknown: record.unreadable }
        if ('unknown' in parsed) {
          unread.push(`${parsed.unknown}: ${record.text ?? JSON.stringify(record.json)}`)
          continue
        }
        for (const [index, one] of parsed.events.entries()) {
          const id = parsed.events.length === 1 ? record.id : `${record.id}.${index}`
          const { doc, observed } = finishDocument(one, id, new Date(now).toISOString(), now)
          markScenario(doc, scenario.id)
          const place = { writer: 'offline', sequence: 1, index: events.length }
          events.push({
            id,
            scope: SELFTEST_SCOPE,
            source: SELFTEST_SOURCE,
            parser: parsed.parser,
            observed,
            received: now,
            ...place,
            doc,
          })
        }
      }
    }
    // With their texts, as the writer has them.
    const texts = events.map(({ doc }) => Buffer.from(JSON.stringify(doc)))
    const matches = rules.match(events, texts)
    const detections = events.flatMap((event, at) => rules.feed(event, matches[at]!, true))
    const raised = detections.map(
      ({ rule, eventIds }): RaisedAlert => ({
        rule: rule.id,
        version: rule.version,
        title: rule.title,
        titleJa: rule.ja?.title ?? rule.title,
        alert: '',
        eventIds,
      }),
    )
    const verdict = judge({ scenario, prefixes, records }, rules.rules, raised)
    const wanted = new Set(verdict.detail.rules.map(({ rule }) => rule))
    const others = prefixes.flatMap((prefix, part) => {
      const ids = new Set(raised.filter(({ eventIds }) => eventIds.some((id) => id.startsWith(prefix))).map(({ rule }) => rule))
      return rules.rules.filter(({ id }) => ids.has(id) && !wanted.has(id)).map((rule) => ({ part, rule }))
    })
    return { scenario, ...verdict, unread, others, events }
  })
}
