import { readJson } from '../../platform/state/columns.ts'
import type { Feeds } from '../feeds/load.ts'
import { dueOf, type Policy, type Subject } from '../prioritise/policy.ts'
import { cwesOf } from '../scan/findings.ts'
import type { UsedFinding } from '../weighing/use.ts'
import { type Waiver, waiversAt } from '../work/exceptions.ts'
import { type RatedHere, ratingsBy } from '../work/ratings.ts'
import { workByPlace, workOn } from '../work/tasks.ts'
import { virtualPatch } from '../work/virtual-patch.ts'
import { type Cause, causesOf, subjectOf } from './causes.ts'
import type { AssetFacts } from './queries.ts'
import type { VulnerabilityState, VulnerabilityView } from './schema.ts'
import type { ExceptionsTable, RatingsTable, WorkTable } from './tables.ts'

/** Everything that a look at weaknesses stands on. */
export interface Known {
  readonly findings: readonly UsedFinding[]
  /** By every name they have, in small letters. */
  readonly assets: ReadonlyMap<string, AssetFacts>
  readonly work: readonly WorkTable[]
  readonly ratings: readonly RatingsTable[]
  readonly exceptions: readonly ExceptionsTable[]
}

/** A cause with what is decided about it. */
export interface Weighed {
  readonly cause: Cause
  readonly subject: Subject
  readonly state: VulnerabilityState
  readonly work: WorkTable | undefined
  readonly owner: string | null
  readonly due: { readonly at: number; readonly rule: string } | undefined
  readonly waiver: Waiver | undefined
  readonly rated: RatedHere
  readonly summaryJa: string | null
}

/** Joins, weighs and sorts by risk what is known: pure. */
export function weigh(
  { findings, assets, work, ratings, exceptions }: Known,
  feeds: Feeds,
  policy: Policy,
  now: number,
): Weighed[] {
  const waiverOf = waiversAt(exceptions, now)
  const byPlace = workByPlace(work)
  const ratedOf = ratingsBy(ratings)
  return causesOf(findings)
    .map((cause): Weighed => {
      const asset = assets.get(cause.row.asset.toLowerCase())
      const rated = ratedOf(cause)
      const subject = subjectOf(cause, asset, feeds, rated)
      const task = workOn(byPlace, cause)
      const waiver = cause.gone === null ? waiverOf(cause) : undefined
      const byHand = task?.due == null ? undefined : { at: task.due, rule: '' }
      return {
        cause,
        subject,
        state: stateOf(cause, task, waiver),
        work: task,
        owner: task?.owner ?? asset?.owner ?? null,
        due: byHand ?? dueOf(policy, subject, cause.opened),
        waiver,
        rated,
        summaryJa: cause.names.map((name) => feeds.cves.get(name)?.summaryJa).find((text) => text != null) ?? null,
      }
    })
    .sort(byRisk)
}

function stateOf({ gone, rows }: Cause, work: WorkTable | undefined, waiver: Waiver | undefined): VulnerabilityState {
  // Where its advisory went and no list proves anything, nothing was mended.
  if (gone !== null) return rows.some((row) => row.gone_by !== null) ? 'fixed' : 'withdrawn'
  if (waiver !== undefined) return waiver.exception.kind === 'accept' ? 'accepted' : 'not-affected'
  if (rows.some((row) => row.gone_at === null && row.regressed === 1)) return 'regressed'
  return work === undefined ? 'new' : 'open'
}

export function isOpen(state: VulnerabilityState): boolean {
  return state === 'new' || state === 'open' || state === 'regressed'
}

function byRisk(a: Weighed, b: Weighed): number {
  return (
    Number(b.subject.weakness.exploited !== null) - Number(a.subject.weakness.exploited !== null) ||
    b.subject.risk.score - a.subject.risk.score ||
    (b.subject.weakness.epss ?? 0) - (a.subject.weakness.epss ?? 0) ||
    (a.cause.row.id < b.cause.row.id ? -1 : a.cause.row.id > b.cause.row.id ? 1 : a.cause.row.asset < b.cause.row.asset ? -1 : 1)
  )
}

export function viewOf(
  { cause, subject, state, work, owner, due, waiver, rated, summaryJa }: Weighed,
  now: number,
  feeds: Pick<Feeds, 'advisories' | 'cves'>,
): VulnerabilityView {
  const { row, rows } = cause
  const { id, summary, asset, source, kind, name, version, purl, place } = row
  const { severity, score, vector } = subject.weakness
  const seen = rows.find((one) => one.seen !== undefined)?.seen
  const proof = cause.gone === null ? undefined : rows.find((one) => one.gone_by !== null)
  return {
    ...{ id, summary, asset, source, kind, name, version, purl, place, severity, score, vector, state, owner, summaryJa },
    package: row.package,
    rating: {
      published: { severity: row.severity, score: row.score, vector: row.vector },
      own: saidOf(rated.own),
      environment: saidOf(rated.environment),
    },
    sources: [...new Set(rows.filter((one) => cause.gone !== null || one.gone_at === null).map((one) => one.source))].sort(),
    ids: [...new Set(rows.flatMap((one) => readJson<string[]>(one.ids)))].sort(),
    aliases: cause.names.filter((one) => one !== id).toSorted(),
    cwes: [...cwesOf(cause.names, feeds)],
    fixed: [...cause.fixed],
    exploited: subject.weakness.exploited,
    epss: subject.weakness.epss,
    exposure: subject.around.exposure,
    criticality: subject.around.criticality,
    inUse: subject.around.inUse,
    seen: seen === undefined ? null : { process: seen.process, file: seen.file, at: time(seen.at) },
    guessed: rows.every((one) => one.guessed === 1),
    risk: { ...subject.risk, reasons: [...subject.risk.reasons] },
    due: due === undefined ? null : time(due.at),
    dueRule: due === undefined || due.rule === '' ? null : due.rule,
    overdue: due !== undefined && isOpen(state) && due.at < now,
    ticket: work?.ticket ?? null,
    note: work?.note ?? '',
    virtualPatch: cause.gone === null ? virtualPatch(cause) : null,
    waiver:
      waiver === undefined
        ? null
        : {
            id: waiver.exception.id,
            title: waiver.exception.title,
            why: waiver.exception.kind === 'accept' ? waiver.exception.reason : waiver.why,
            approvedBy: waiver.exception.decided_name ?? '',
            expires: time(waiver.exception.expires),
          },
    proof: proof === undefined ? null : { list: proof.gone_by!, outbox: proof.gone_outbox },
    firstSeen: time(cause.firstSeen),
    lastSeen: time(cause.lastSeen),
    gone: cause.gone === null ? null : time(cause.gone),
    regressed: rows.some((one) => one.regressed === 1),
  }
}

function saidOf(row: RatingsTable | undefined): VulnerabilityView['rating']['own'] {
  return row === undefined ? null : { vector: row.vector, reason: row.reason, by: row.by_name, at: time(row.at) }
}

export function time(ms: number): string {
  return new Date(ms).toISOString()
}
