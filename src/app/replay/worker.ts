import { parentPort, workerData } from 'node:worker_threads'
import { oneRule } from '../../detect/replay/one-rule.ts'
import { Tally } from '../../detect/replay/tally.ts'
import { type RuleSet, ruleSetOf } from '../../detect/rule-set.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { StoredEvent } from '../../kernel/event.ts'
import { connectLake, type LakeAddress } from '../../platform/lake/connect.ts'
import { slicesOf, walkEvents } from '../../platform/lake/walk.ts'
import type { ReplayView } from './schema.ts'

/** A thread for one replay: the rule runs over what is stored, away from the loop that serves people and from the writer. */
export interface ReplayTask {
  readonly lake: LakeAddress
  readonly sealed: string
  readonly rules: readonly string[]
  readonly pipelines: readonly string[]
  readonly rule: string
  readonly scope: string
  readonly days: number
  /** Milliseconds UTC. */
  readonly now: number
}
export type ReplayAnswer = { readonly view: ReplayView } | { readonly error: { readonly code: string; readonly message: string } }

const DAY_MS = 86_400_000
const MOST_EVENTS = 1_000_000
const MOST_SECONDS = 120
const LISTED = 100
/** Events that the cost is measured over, and for how long. */
const SAMPLE = 2000
const MEASURE_MS = 400

async function replay(task: ReplayTask): Promise<ReplayView> {
  const { rule: id, scope, days, now } = task
  const rule = oneRule(task.rules, task.pipelines, id)
  if (rule === undefined) throw new KanpekiError('not_found', `There is no rule ${id}.`)
  // What every rule shares (telling what kind of event it is) is no cost of this one.
  const nothing = ruleSetOf({ rules: [], correlations: [], lists: [], refused: [] })
  const lake = await connectLake(task.lake, { sealed: task.sealed })
  const started = performance.now()
  try {
    const request = { scope, query: { kind: 'all' as const }, range: { from: now - days * DAY_MS, to: now + 60_000 } }
    const slices = await slicesOf(lake, request)
    const tally = new Tally()
    const sample: StoredEvent[] = []
    let events = 0
    for await (const page of walkEvents(lake, request, slices)) {
      events += page.length
      if (sample.length < SAMPLE) sample.push(...page.slice(0, SAMPLE - sample.length))
      tally.add(rule.run(page, true).filter((detection) => detection.rule.id === id))
      if (events >= MOST_EVENTS || performance.now() - started > MOST_SECONDS * 1000) break
    }
    const alerts = tally.alerts()
    return {
      days,
      events,
      total: slices.reduce((sum, { count }) => sum + count, 0),
      detections: tally.detections,
      alerts: alerts.length,
      list: alerts
        .toReversed()
        .slice(0, LISTED)
        .map(({ entity, first, last, detections, firstEvent }) => ({
          entity,
          first: new Date(first).toISOString(),
          last: new Date(last).toISOString(),
          detections,
          event: firstEvent,
        })),
      microsecondsPerEvent: costOf(rule, nothing, sample),
      seconds: Math.round(performance.now() - started) / 1000,
    }
  } finally {
    await lake.close()
  }
}

/**
 * Microseconds that a rule adds to each event, over a sample again and again: a single look at it would measure the
 * compiler and the clock. Both sides take turns, so that neither has the warmer machine; the median of the rounds counts.
 */
function costOf(rule: RuleSet, nothing: RuleSet, sample: readonly StoredEvent[]): number {
  if (sample.length === 0) return 0
  const timed = (set: RuleSet): number => {
    const began = performance.now()
    set.match(sample)
    return performance.now() - began
  }
  const rounds: number[] = []
  const until = performance.now() + MEASURE_MS
  while (performance.now() < until || rounds.length < 3) rounds.push(timed(rule) - timed(nothing))
  const warm = rounds.slice(Math.floor(rounds.length / 2)).sort((a, b) => a - b)
  const median = warm[Math.floor(warm.length / 2)] ?? 0
  return Math.max(0, Math.round((median / sample.length) * 1_000_000) / 1000)
}

const port = parentPort
if (port === null) throw new Error('replay/worker runs as a worker thread')
try {
  port.postMessage({ view: await replay(workerData as ReplayTask) } satisfies ReplayAnswer)
} catch (error) {
  const code = error instanceof KanpekiError ? error.code : 'internal'
  const message = error instanceof KanpekiError ? error.message : messageOf(error)
  port.postMessage({ error: { code, message } } satisfies ReplayAnswer)
}
