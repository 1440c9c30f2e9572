import type { Kysely } from 'kysely'
import type { Clock } from '../kernel/clock.ts'
import type { Measure } from '../kernel/measure.ts'
import { MINUTE_MS, MINUTES_KEPT_MS } from './accounting.ts'
import { type Db, gapMinutes, lastMinutes, type MinuteFacts, readSources, silentMinutes } from './queries.ts'
import type { CollectTables, SourcesTable } from './tables.ts'

/** A source's minutes in a window: each is good, bad (silent for too long, or with a gap) or unknown. */
export interface SourceCompleteness {
  readonly source: string
  readonly good: number
  readonly bad: number
  readonly unknown: number
}

/**
 * Judges every minute of [from, to) (milliseconds UTC) of every source with an expected interval. A minute is bad if it
 * lies further than that interval after the last event, or if a loss became known in it. All minutes of a source that
 * never sent, or is switched off, are unknown; so are minutes older than the accounts. Sources without an expected
 * interval are only listed if they lost something: nobody can say of them that silence is wrong.
 */
export async function completeness(db: Db, scope: string, from: number, to: number, now: number): Promise<SourceCompleteness[]> {
  const start = floorMinute(from)
  const end = floorMinute(Math.min(to, now))
  const [sources, facts, before, gaps] = [
    await readSources(db, scope),
    new Map((await silentMinutes(db, scope, start, end)).map((fact) => [fact.source, fact])),
    await lastMinutes(db, scope, start),
    await gapMinutes(db, scope, start, end),
  ]
  const judged: SourceCompleteness[] = []
  for (const source of sources) {
    const lost = gaps.get(source.id) ?? 0
    if (source.expected_seconds === null && lost === 0) continue
    judged.push(judge(source, facts.get(source.id), before.get(source.id), lost, start, end, now))
  }
  return judged
}

function judge(
  source: SourcesTable,
  facts: MinuteFacts | undefined,
  before: number | undefined,
  lost: number,
  start: number,
  end: number,
  now: number,
): SourceCompleteness {
  const first = Math.max(start, floorMinute(source.created))
  const kept = floorMinute(now - MINUTES_KEPT_MS)
  const forgotten = minutesBetween(first, Math.min(kept, end))
  const total = minutesBetween(first, end)
  const answer = (bad: number, unknown: number): SourceCompleteness => ({
    source: source.id,
    good: total - unknown - bad,
    bad,
    unknown,
  })
  if (source.expected_seconds === null) return { source: source.id, good: 0, bad: Math.min(lost, total), unknown: 0 }
  if (source.enabled === 0 || source.last_event === null) return answer(0, total)
  const expected = Math.ceil(source.expected_seconds / 60)
  const silent = silence(facts, before, Math.max(first, kept), end, expected)
  return answer(Math.min(total - forgotten, silent + lost), forgotten)
}

/** Minutes of [start, end) that lie further than `expected` minutes after the event before them. */
function silence(
  facts: MinuteFacts | undefined,
  before: number | undefined,
  start: number,
  end: number,
  expected: number,
): number {
  const beyond = (event: number, until: number): number => {
    const allowed = event + (expected + 1) * MINUTE_MS
    return minutesBetween(Math.max(allowed, start), until)
  }
  // A source that was never heard before is given its interval from the window's (or its own) beginning.
  const heard = before ?? start - MINUTE_MS
  if (facts?.first == null || facts.last === null) return beyond(heard, end)
  return beyond(heard, facts.first) + facts.silent + beyond(facts.last, end)
}

function minutesBetween(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) / MINUTE_MS))
}

function floorMinute(time: number): number {
  return time - (time % MINUTE_MS)
}

/** The measure `collect.source-completeness`: the share of expected minutes in which nothing was silent or lost, in percent. */
export function completenessMeasure<T>(db: Kysely<T>, clock: Clock): Measure {
  return {
    id: 'collect.source-completeness',
    unit: 'percent',
    title: { en: 'Source completeness', ja: '収集元の完全性' },
    async measure(_params, from, to, scope) {
      const judged = await completeness(db as unknown as Kysely<CollectTables>, scope, from, to, clock.now())
      const sum = (pick: (one: SourceCompleteness) => number): number => judged.reduce((total, one) => total + pick(one), 0)
      const [good, bad, unknown] = [sum((one) => one.good), sum((one) => one.bad), sum((one) => one.unknown)]
      const known = good + bad
      const worst = [...judged].sort((a, b) => b.bad + b.unknown - (a.bad + a.unknown)).slice(0, 20)
      return {
        value: known === 0 ? null : (100 * good) / known,
        good,
        bad,
        unknown,
        evidence: { sources: judged.length, worst: worst.map((one) => ({ ...one })) },
        ...(known === 0 ? { missing: 'No source with an expected interval has sent anything in this time.' } : {}),
      }
    },
  }
}
