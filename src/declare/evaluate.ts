import { type BadgeState, isWorn } from '../kernel/measure.ts'
import type { Criterion } from './criteria.ts'
import { durationMs } from './duration.ts'
import { dayText, spanText, targetText } from './figure.ts'
import { causeFact, judge, type Taken } from './judge.ts'
import type { Fact } from './messages.ts'
import type { Card } from './schema.ts'
import { type Alteration, type Armed, triggersOf, type Weighed } from './triggers.ts'

/** Of the rules by which readings become a badge: leaves of the ledger name it, so that a replay knows which to follow. */
export const EVALUATOR = 1

/** The version in force and who signed it. Times are milliseconds UTC. */
export interface Standing {
  readonly hash: string
  readonly inForceSince: number
  /** Since when the file is gone or unreadable; null while it is there. */
  readonly missingSince: number | null
  /** How many people must sign this version, where it is more than the card itself asks for: it promises less than before. */
  readonly required?: number
  /** Valid signatures of this version, newest or oldest first. */
  readonly signatures: readonly { readonly signer: string; readonly at: number }[]
}

/** What must be remembered from one evaluation to the next. */
export interface Memory {
  readonly state: BadgeState
  readonly since: number
  /** Why, at the time it became so. */
  readonly reasons: readonly Fact[]
  /** When the badge was first held; null if never. */
  readonly earnedAt: number | null
  /** The version it was last held with. */
  readonly heldHash: string | null
  /** When the present withdrawal (or expiry) began. */
  readonly withdrawnAt: number | null
  readonly allMetSince: number | null
  readonly objectives: Readonly<Record<string, { readonly notMetSince: number | null; readonly unprovenSince: number | null }>>
}

export interface Step {
  readonly fact: Fact
  readonly done: boolean
}

export interface Evaluation {
  readonly state: BadgeState
  readonly since: number
  readonly reasons: readonly Fact[]
  readonly weighed: readonly Weighed[]
  readonly triggers: readonly (Armed & { readonly fired: boolean })[]
  readonly steps: readonly Step[]
  readonly signed: number
  readonly memory: Memory
}

export type Readings = ReadonlyMap<string, Taken>

/**
 * Judges a card at a moment from its newest readings: pure, so that the public badge can be judged again whenever it is
 * looked at. Without new readings a badge can only fall: evidence ages, clocks run, validity ends.
 *
 * held: signed, valid, every objective met by fresh evidence · at-risk: earned, but one is close, missed or unproven and
 * no trigger has fired · withdrawn: a trigger fired; stays until every step of `steps` is done at once · expired: past
 * its validity · draft: never earned.
 *
 * @param criteria of this card, see `criteriaOf`.
 * @param memory of the evaluation before, or null for a card never evaluated.
 */
export function evaluate(
  card: Card,
  criteria: readonly Criterion[],
  standing: Standing,
  readings: Readings,
  memory: Memory | null,
  now: number,
): Evaluation {
  const weighed = criteria.map((criterion) => weigh(criterion, readings.get(criterion.id), memory, now))
  const signed = new Set(standing.signatures.map(({ signer }) => signer)).size
  const complete = signed >= requiredOf(card, standing)
  const triggers = triggersOf(card, weighed, alterationOf(card, standing, memory, signed)).map((trigger) => ({
    ...trigger,
    fired: trigger.firesAt !== null && trigger.firesAt <= now,
  }))
  const allMet = weighed.length > 0 && weighed.every(({ judged }) => judged.state === 'met')
  const allMetSince = allMet ? Math.min(memory?.allMetSince ?? now, now) : null
  const fired = triggers.filter((trigger) => trigger.fired)
  const stepsFrom = (withdrawnAt: number | null) => stepsOf(card, standing, weighed, allMetSince, withdrawnAt, signed, now)
  const withdrawnBefore = wasDown(memory) ? (memory?.withdrawnAt ?? memory?.since ?? now) : null
  const state = nextState(memory, {
    expired: now >= Date.parse(card.validity.until),
    begun: now >= Date.parse(card.validity.from),
    fired: fired.length > 0,
    unblemished: complete && allMet && standing.missingSince === null && lapsedRisks(card, now).length === 0,
    close: weighed.some(({ judged }) => judged.atRisk),
    stepsDone: stepsFrom(withdrawnBefore).every((step) => step.done),
  })
  const since = sinceOf(state, memory, weighed, fired, card, now)
  const held = isWorn(state)
  const withdrawnAt = state === 'withdrawn' || state === 'expired' ? (withdrawnBefore ?? since) : null
  const reasons = reasonsOf(state, memory, weighed, fired, card, standing, signed, now)
  return {
    state,
    since,
    reasons,
    weighed,
    triggers,
    steps: held ? [] : stepsFrom(withdrawnAt),
    signed,
    memory: {
      state,
      since,
      reasons,
      earnedAt: memory?.earnedAt ?? (held ? now : null),
      heldHash: held && complete ? standing.hash : (memory?.heldHash ?? null),
      withdrawnAt,
      allMetSince,
      objectives: Object.fromEntries(
        weighed.map(({ criterion, notMetSince, unprovenSince }) => [criterion.id, { notMetSince, unprovenSince }]),
      ),
    },
  }
}

/** A miss is counted from the first reading that was not met; missing evidence does not stop that clock, only success does. */
function weigh(criterion: Criterion, taken: Taken | undefined, memory: Memory | null, now: number): Weighed {
  const judged = judge(criterion, taken, now)
  const before = memory?.objectives[criterion.id]
  const met = judged.state === 'met'
  return {
    criterion,
    taken,
    judged,
    notMetSince: met ? null : Math.min(before?.notMetSince ?? judged.since, now),
    unprovenSince: judged.state === 'unproven' ? Math.min(before?.unprovenSince ?? judged.since, now) : null,
  }
}

function alterationOf(card: Card, standing: Standing, memory: Memory | null, signed: number): Alteration | null {
  if (standing.missingSince !== null) return { at: standing.missingSince, fact: { code: 'declaration-missing', params: {} } }
  if (memory === null || memory.heldHash === null || memory.heldHash === standing.hash) return null
  const lacking = requiredOf(card, standing) - signed
  if (lacking <= 0) return null
  return {
    at: standing.inForceSince,
    fact: { code: 'unverified-change', params: { version: card.version, count: lacking } },
  }
}

function requiredOf(card: Card, { required }: Standing): number {
  return Math.max(required ?? 0, card.signatures)
}

/** Residual risks whose acceptance has ended: nobody answers for them any more. */
function lapsedRisks(card: Card, now: number) {
  return card.residualRisks
    .filter(({ until }) => until !== undefined && now >= Date.parse(until))
    .map(({ description, approver, until }) => ({ title: description, approver, until: until ?? '' }))
}

function wasDown(memory: Memory | null): boolean {
  return memory?.state === 'withdrawn' || memory?.state === 'expired'
}

interface Facts {
  readonly expired: boolean
  readonly begun: boolean
  readonly fired: boolean
  /** Signed, there, and every objective met. */
  readonly unblemished: boolean
  readonly close: boolean
  readonly stepsDone: boolean
}

function nextState(memory: Memory | null, facts: Facts): BadgeState {
  if (facts.expired) return 'expired'
  const worthy = facts.unblemished && facts.begun && !facts.fired
  const up: BadgeState = facts.close ? 'at-risk' : 'held'
  if (memory === null || memory.earnedAt === null) return worthy ? up : 'draft'
  if (wasDown(memory)) return worthy && facts.stepsDone ? up : 'withdrawn'
  if (facts.fired) return 'withdrawn'
  return worthy ? up : 'at-risk'
}

/** The time the state began by the facts, not when it was noticed, so that looking late tells the same story. */
function sinceOf(
  state: BadgeState,
  memory: Memory | null,
  weighed: readonly Weighed[],
  fired: readonly Armed[],
  card: Card,
  now: number,
): number {
  if (memory !== null && memory.state === state) return memory.since
  const begun = (times: readonly (number | null)[]): number => {
    const known = times.filter((time) => time !== null)
    const first = known.length === 0 ? now : Math.min(...known)
    return Math.min(Math.max(first, memory?.since ?? first), now)
  }
  if (state === 'withdrawn') return wasDown(memory) ? now : begun(fired.map((trigger) => trigger.firesAt))
  if (state === 'expired') return begun([Date.parse(card.validity.until)])
  if (state === 'at-risk')
    return begun([
      ...weighed.map((item) => item.notMetSince ?? (item.judged.atRisk ? item.judged.since : null)),
      ...lapsedRisks(card, now).map(({ until }) => Date.parse(until)),
    ])
  return now
}

function reasonsOf(
  state: BadgeState,
  memory: Memory | null,
  weighed: readonly Weighed[],
  fired: readonly (Armed & { readonly fired: boolean })[],
  card: Card,
  standing: Standing,
  signed: number,
  now: number,
): readonly Fact[] {
  switch (state) {
    case 'held':
      return []
    case 'at-risk':
      return [
        ...weighed.flatMap(({ criterion, taken, judged }) => causeFact(criterion, taken, judged) ?? []),
        ...lapsedRisks(card, now).map((params): Fact => ({ code: 'risk-lapsed', params })),
      ]
    case 'expired':
    case 'withdrawn':
      // What took the badge stays its reason, whatever heals meanwhile.
      if (wasDown(memory) && memory !== null && memory.reasons.length > 0) return memory.reasons
      return distinct(fired.flatMap((trigger) => trigger.reason ?? []))
    case 'draft':
      return draftReasons(weighed, card, standing, signed, now)
  }
}

function draftReasons(weighed: readonly Weighed[], card: Card, standing: Standing, signed: number, now: number): readonly Fact[] {
  const reasons: Fact[] = []
  const open = weighed.filter(({ judged }) => judged.state !== 'met').length
  const from = Date.parse(card.validity.from)
  if (standing.missingSince !== null) reasons.push({ code: 'declaration-missing', params: {} })
  const required = requiredOf(card, standing)
  if (signed < required) reasons.push({ code: 'not-signed', params: { given: signed, required } })
  reasons.push(...lapsedRisks(card, now).map((params): Fact => ({ code: 'risk-lapsed', params })))
  if (now < from) reasons.push({ code: 'not-yet-valid', params: { from: dayText(from) } })
  if (open > 0 || weighed.length === 0) reasons.push({ code: 'not-yet-met', params: { count: open } })
  return reasons
}

function distinct(facts: readonly Fact[]): readonly Fact[] {
  return [...new Map(facts.map((fact) => [JSON.stringify(fact), fact])).values()]
}

/** The way to the badge (for a draft, `withdrawnAt` null), or back to it. */
function stepsOf(
  card: Card,
  standing: Standing,
  weighed: readonly Weighed[],
  allMetSince: number | null,
  withdrawnAt: number | null,
  signed: number,
  now: number,
): readonly Step[] {
  const back = withdrawnAt !== null
  const required = requiredOf(card, standing)
  const steps: Step[] = []
  const from = Date.parse(card.validity.from)
  if (standing.missingSince !== null) steps.push({ fact: { code: 'step-restore', params: {} }, done: false })
  if (now >= Date.parse(card.validity.until)) steps.push({ fact: { code: 'step-renew', params: {} }, done: false })
  for (const { title } of lapsedRisks(card, now)) steps.push({ fact: { code: 'step-risk', params: { title } }, done: false })
  if (now < from) steps.push({ fact: { code: 'step-begin', params: { from: dayText(from) } }, done: false })
  for (const { criterion, judged } of weighed) {
    const { title, comparator, target, unit } = criterion
    const fact: Fact =
      judged.state === 'unproven'
        ? { code: 'step-evidence', params: { title } }
        : { code: 'step-met', params: { title, target: targetText(comparator, target, unit) } }
    if (judged.state !== 'met' || !back) steps.push({ fact, done: judged.state === 'met' })
  }
  if (!back) {
    const params = { required, given: Math.min(signed, required) }
    steps.push({ fact: { code: 'step-sign', params }, done: signed >= required })
    return steps
  }
  const periodMs = durationMs(card.period)
  const elapsed = allMetSince === null ? 0 : now - allMetSince
  steps.push({
    fact: { code: 'step-met-for', params: { span: spanText(periodMs), elapsed: spanText(Math.min(elapsed, periodMs)) } },
    done: allMetSince !== null && elapsed >= periodMs,
  })
  const again = new Set(standing.signatures.filter(({ at }) => at > withdrawnAt).map(({ signer }) => signer)).size
  steps.push({
    fact: { code: 'step-sign-again', params: { required, given: Math.min(again, required) } },
    done: again >= required,
  })
  return steps
}
