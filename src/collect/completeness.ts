import type { Kysely } from 'kysely'
import type { Clock } from '../kernel/clock.ts'
import type { Measure } from '../kernel/measure.ts'
import { MINUTE_MS, MINUTES_KEPT_MS } from './accounting.ts'
import { type Db, lastMinute, type MinuteFacts, minuteFacts, readSources } from './queries.ts'
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
  const judged: SourceCompleteness[] = []
  for (const source of await readSources(db, scope)) {
    const one = await judge(db, source, start, end, now)
    if (one !== undefined) judged.push(one)
  }
  return judged
}

async function judge(
  db: Db,
  source: SourcesTable,
  start: number,
  end: number,
  now: number,
): Promise<SourceCompleteness | undefined> {
  const { scope, id, expected_seconds } = source
  const first = Math.max(start, floorMinute(source.created))
  const kept = floorMinute(now - MINUTES_KEPT_MS)
  const total = minutesBetween(first, end)
  const forgotten = minutesBetween(first, Math.min(kept, end))
  const answer = (bad: number, unknown: number): SourceCompleteness => ({ source: id, good: total - unknown - bad, bad, unknown })
  if (expected_seconds !== null && (source.enabled === 0 || source.last_event === null)) return answer(0, total)
  const expected = Math.ceil((expected_seconds ?? 0) / 60)
  const facts = await minuteFacts(db, scope, id, start, end, expected + 1)
  if (expected_seconds === null)
    return facts.lost === 0 ? undefined : { source: id, good: 0, bad: Math.min(facts.lost, total), unknown: 0 }
  const before = await lastMinute(db, scope, id, start)
  const silent = silence(facts, before, Math.max(first, kept), end, expected)
  return answer(Math.min(total - forgotten, silent + facts.lost), forgotten)
}

/** Minutes of [start, end) that lie further than `expected` minutes after the record before them. */
function silence(facts: MinuteFacts, before: number | undefined, start: number, end: number, expected: number): number {
  const beyond = (event: number, until: number): number => {
    const allowed = event + (expected + 1) * MINUTE_MS
    return minutesBetween(Math.max(allowed, start), until)
  }
  // A source that was never heard before is given its interval from the window's (or its own) beginning.
  const heard = before ?? start - MINUTE_MS
  if (facts.events === undefined) return beyond(heard, end)
  return beyond(heard, facts.events.first) + facts.silent + beyond(facts.events.last, end)
}

function minutesBetween(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) / MINUTE_MS))
}

function floorMinute(time: number): number {
  return time - (time % MINUTE_MS)
}

const NOTHING_EXPECTED = {
  en: 'No source with an expected interval has sent anything in this time.',
  ja: '送信間隔の決まった収集元が、この期間に何も送っていません。',
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
        // A minute of which nothing is known is not a minute in which all was well.
        value: known === 0 ? null : (100 * good) / (known + unknown),
        good,
        bad,
        unknown,
        evidence: { sources: judged.length, worst: worst.map((one) => ({ ...one })) },
        ...(known === 0 ? { missing: NOTHING_EXPECTED } : {}),
      }
    },
  }
}
