import { openReviews } from '../access/reviews/queries.ts'
import { reviewViews } from '../access/reviews/view.ts'
import type { AccessTables } from '../access/tables.ts'
import { damageStatus } from '../app/care/damage.ts'
import { retentionStatus } from '../app/retention/run.ts'
import type { SourceList, SourceSummary } from '../collect/schema.ts'
import type { CollectTables } from '../collect/tables.ts'
import { listSources, type StatusOf } from '../collect/view.ts'
import type { Measures } from '../declare/criteria.ts'
import { type StandingBadge, standingBadges } from '../declare/standing-badges.ts'
import type { DeclareTables } from '../declare/tables.ts'
import { alertCounts, alertQueue } from '../detect/alerts-queue.ts'
import { waitingExceptions } from '../detect/exceptions/waiting.ts'
import { channels, deliveryCounts } from '../detect/notify/queries.ts'
import type { NotifyTables } from '../detect/notify/tables.ts'
import { type QueueGroup, queueQuery } from '../detect/schema.ts'
import type { DetectTables } from '../detect/tables.ts'
import type { Clock } from '../kernel/clock.ts'
import type { BadgeState, Measure } from '../kernel/measure.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import type { State } from '../platform/state/state.ts'
import type { Ledger } from '../prove/ledger.ts'
import { stepsWaiting } from '../respond/playbooks/queries.ts'
import type { PlaybookTables } from '../respond/playbooks/tables.ts'
import { waitingPlaybooks } from '../respond/playbooks/waiting.ts'
import { type Need, type Overview, overviewSchema } from './schema.ts'

const ALERTS_SHOWN = 6
const DAY_MS = 86_400_000
/** A delivery that waits longer than this is worth a look. */
const STUCK_MS = 300_000

export interface OverviewDeps {
  readonly state: State
  readonly ledger: Ledger
  readonly clock: Clock
  readonly measures: readonly Measure[]
  readonly statusOf: StatusOf
  readonly refusedRules: () => number
  readonly startedAt: number
}

/** What needs a person now, what is declared, what is at risk and what arrives, gathered from the rooms. */
export function overviewRoute(deps: OverviewDeps): Route {
  const measures: Measures & ReadonlyMap<string, Measure> = new Map(deps.measures.map((measure) => [measure.id, measure]))
  return route({
    method: 'GET',
    path: '/api/v1/overview',
    permission: 'alerts:read',
    summary: 'What needs a person now, and how everything stands',
    response: overviewSchema,
    handle: ({ caller }) => overview(deps, measures, caller),
  })
}

async function overview(deps: OverviewDeps, measures: ReadonlyMap<string, Measure>, caller: Caller): Promise<Overview> {
  const { state, ledger } = deps
  const { scope } = caller
  const now = deps.clock.now()
  const alerts = state.scoped<DetectTables>(scope)
  const [counts, queue, sources, cards] = await Promise.all([
    alertCounts(alerts, caller.name, now),
    alertQueue(alerts, queueQuery.parse({ limit: ALERTS_SHOWN }), caller.name, now),
    listSources(state.tables<CollectTables>(), scope, deps.statusOf, now),
    standingBadges(state.scoped<DeclareTables>(scope), measures, now),
  ])
  const count = (wanted: BadgeState): number => cards.filter((card) => card.state === wanted).length
  return {
    needs: [
      ...queue.groups.map(alertNeed),
      ...cards.flatMap(cardNeed),
      ...sources.sources.flatMap((source) => sourceNeed(source, now)),
      ...(await storageNeeds(deps, caller)),
      ...(await exceptionNeeds(deps, caller)),
      ...(await playbookNeeds(deps, caller)),
      ...(await notifyNeeds(deps, caller, now)),
      ...(await reviewNeeds(deps, caller, now)),
      ...unknownNeed(sources, now),
      ...(deps.refusedRules() === 0
        ? []
        : [{ kind: 'rules' as const, refused: deps.refusedRules(), since: iso(deps.startedAt) }]),
    ],
    alerts: { open: counts.openAlerts, bySeverity: bySeverity(counts.openBySeverity) },
    badges: {
      held: count('held'),
      atRisk: count('at-risk'),
      withdrawn: count('withdrawn') + count('expired'),
      draft: count('draft'),
    },
    ingest: ingestOf(sources),
    ledger: { size: ledger.head.size, signedAt: ledger.head.logged },
  }
}

function alertNeed(group: QueueGroup): Need {
  return {
    kind: 'alert',
    // The console opens an alert, not a group: the gravest speaks for it.
    id: group.alerts.toSorted((a, b) => a.severity - b.severity)[0]?.id ?? group.id,
    severity: group.severity,
    title: { en: group.title, ja: group.titleJa },
    entity: group.entity.name,
    count: group.count,
    since: group.raisedAt,
  }
}

function cardNeed({ id, name, state, reason, since }: StandingBadge): Need[] {
  if (state === 'held' || state === 'draft') return []
  return [{ kind: 'card', id, title: name, state, reason: reason?.text ?? null, since: iso(since) }]
}

function sourceNeed(source: SourceSummary, now: number): Need[] {
  const since = source.lastEventAt ?? source.createdAt
  if (source.state === 'failed' || source.problems.length > 0)
    return [{ kind: 'source', id: source.id, problem: 'failing', missing: 0, since: iso(Date.parse(since)) }]
  const gaps = source.series.gaps.reduce((sum, value) => sum + value, 0)
  if (gaps > 0) return [{ kind: 'source', id: source.id, problem: 'gap', missing: gaps, since: iso(now) }]
  if (source.silence === 'silent')
    return [{ kind: 'source', id: source.id, problem: 'silent', missing: 0, since: iso(Date.parse(since)) }]
  return []
}

function unknownNeed(sources: SourceList, now: number): Need[] {
  const { unknown } = sources.totals.lastDay
  return unknown === 0 ? [] : [{ kind: 'unknowns', count: unknown, since: iso(now - DAY_MS) }]
}

async function storageNeeds({ state }: OverviewDeps, caller: Caller): Promise<Need[]> {
  if (!caller.permissions.has('installation')) return []
  const [status, damage] = await Promise.all([retentionStatus(state), damageStatus(state)])
  const needs: Need[] = damage === undefined ? [] : [{ kind: 'damage', ...damage, since: iso(damage.since) }]
  if (status === undefined || status.state === 'fine' || status.limit === null) return needs
  const { state: problem, used, limit, hoursLeft: left, since } = status
  return [...needs, { kind: 'storage', problem, used, limit, left, since: iso(since) }]
}

async function exceptionNeeds({ state }: OverviewDeps, caller: Caller): Promise<Need[]> {
  if (!caller.permissions.has('alerts:approve')) return []
  const waiting = (await waitingExceptions(state.scoped<DetectTables>(caller.scope))).filter(
    ({ author }) => author.account === null || author.account !== caller.account,
  )
  if (waiting.length === 0) return []
  return [{ kind: 'exceptions', waiting: waiting.length, since: iso(Math.min(...waiting.map(({ since }) => since))) }]
}

async function playbookNeeds({ state }: OverviewDeps, caller: Caller): Promise<Need[]> {
  const db = state.scoped<PlaybookTables>(caller.scope)
  const since: number[] = []
  if (caller.permissions.has('playbooks:approve'))
    for (const one of await waitingPlaybooks(db))
      if (one.author.account === null || one.author.account !== caller.account) since.push(one.since)
  if (caller.permissions.has('playbooks:run'))
    for (const step of await stepsWaiting(db, ['person', 'unsure'])) since.push(step.created)
  return since.length === 0 ? [] : [{ kind: 'playbooks', waiting: since.length, since: iso(Math.min(...since)) }]
}

/** A channel that failed and still has something to tell after a while: a single try that fails is no matter for people. */
async function notifyNeeds({ state }: OverviewDeps, caller: Caller, now: number): Promise<Need[]> {
  if (!caller.permissions.has('sources:write')) return []
  const db = state.scoped<NotifyTables>(caller.scope)
  const [all, counts] = await Promise.all([channels(db), deliveryCounts(db)])
  return all.flatMap((channel): Need[] => {
    if (channel.enabled === 0) return []
    const stuck = counts.filter((row) => row.channel_id === channel.id && row.first < now - STUCK_MS)
    const waiting = stuck.reduce((sum, row) => sum + row.n, 0)
    if (waiting === 0) return []
    return [{ kind: 'notify', name: channel.name, waiting, since: iso(Math.min(...stuck.map((row) => row.first))) }]
  })
}

async function reviewNeeds({ state }: OverviewDeps, caller: Caller, now: number): Promise<Need[]> {
  if (!caller.permissions.has('access:read')) return []
  const db = state.tables<AccessTables>()
  const late = await reviewViews(db, await openReviews(db, caller.scope), now)
  return late.flatMap(({ id, name, overdue, due, totals }): Need[] =>
    overdue ? [{ kind: 'review', id, name, waiting: totals.items - totals.decided, since: due }] : [],
  )
}

function ingestOf({ sources, totals }: SourceList): Overview['ingest'] {
  const [first] = sources
  const from = first === undefined ? 0 : Date.parse(first.series.from)
  const received =
    first?.series.received.map((_, at) => sources.reduce((sum, source) => sum + (source.series.received[at] ?? 0), 0)) ?? []
  return {
    // The last minute is still growing: the one before it is whole.
    ratePerSecond: Math.max(received.at(-1) ?? 0, received.at(-2) ?? 0) / 60,
    series: received.map((count, at) => ({ at: iso(from + at * 60_000), count })),
    sources: {
      total: totals.sources,
      silent: totals.silent,
      gaps: sources.filter((source) => source.series.gaps.some((value) => value > 0)).length,
    },
  }
}

function bySeverity(counts: Readonly<Record<string, number>>): Overview['alerts']['bySeverity'] {
  const of = (severity: string): number => counts[severity] ?? 0
  return { '1': of('1'), '2': of('2'), '3': of('3'), '4': of('4'), '5': of('5') }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
