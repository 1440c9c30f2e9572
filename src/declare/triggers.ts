import type { Criterion } from './criteria.ts'
import { durationMs } from './duration.ts'
import { dayText, figureText, spanText, targetText } from './figure.ts'
import { causeFact, figureParams, type Judged, type Taken } from './judge.ts'
import type { Fact } from './messages.ts'
import type { Card, Trigger, TriggerView } from './schema.ts'

/** A criterion with what is known of it now and since when. Times are milliseconds UTC. */
export interface Weighed {
  readonly criterion: Criterion
  readonly taken: Taken | undefined
  readonly judged: Judged
  /** Since when it has not been met, whatever the reasons; null while met. */
  readonly notMetSince: number | null
  readonly unprovenSince: number | null
}

/** What a change of the card means for the badge: null while the version in force is the one it was earned with. */
export interface Alteration {
  readonly at: number
  readonly fact: Fact
}

export interface Armed {
  readonly id: string
  readonly on: TriggerView['on']
  readonly objective: string | null
  readonly text: Fact
  /** When it fires, or fired, if nothing changes; null while nothing is running. */
  readonly firesAt: number | null
  /** What to say once it has fired. */
  readonly reason: Fact | null
}

/** Misses are given two periods where a card says nothing of them, as the template of the declaration does. */
const DEFAULT_UNMET_PERIODS = 2

/**
 * The triggers that hold although a card does not name them. A trigger of that kind for every objective takes the place of the
 * implied one, and may be more patient: to name one can loosen a promise.
 */
export function impliedTriggers(card: Pick<Card, 'withdrawal' | 'period'>): readonly Trigger[] {
  const named = card.withdrawal
  const everywhere = (on: 'unmet' | 'stale-evidence') =>
    named.some((trigger) => trigger.on === on && (trigger as { objective?: string }).objective === undefined)
  const implied: Trigger[] = []
  if (!everywhere('unmet')) implied.push({ on: 'unmet', periods: DEFAULT_UNMET_PERIODS })
  if (!everywhere('stale-evidence')) implied.push({ on: 'stale-evidence', grace: card.period })
  if (!named.some((trigger) => trigger.on === 'unverified-change')) implied.push({ on: 'unverified-change' })
  if (!named.some((trigger) => trigger.on === 'expiry')) implied.push({ on: 'expiry' })
  return implied
}

/**
 * All triggers of a card: those it names and those no card can do without. A forbidden failure, an unsigned change and
 * the end of validity always withdraw; so do a lasting miss and lasting lack of evidence of any objective.
 */
export function triggersOf(card: Card, weighed: readonly Weighed[], alteration: Alteration | null): readonly Armed[] {
  const periodMs = durationMs(card.period)
  const all = [...card.withdrawal, ...impliedTriggers(card)]
  const forbidden = weighed.filter(({ criterion }) => criterion.kind === 'forbidden').map(forbiddenTrigger)
  return [...forbidden, ...all.map((trigger) => armed(trigger, card, periodMs, weighed, alteration))]
}

function armed(
  trigger: Trigger,
  card: Card,
  periodMs: number,
  weighed: readonly Weighed[],
  alteration: Alteration | null,
): Armed {
  switch (trigger.on) {
    case 'unmet':
      return unmetTrigger(trigger.objective, trigger.periods, periodMs, weighed)
    case 'below':
      return belowTrigger(trigger.objective, trigger.value, weighed)
    case 'coverage':
      return coverageTrigger(trigger.objective, trigger.value, weighed)
    case 'stale-evidence':
      return staleTrigger(trigger.objective, durationMs(trigger.grace), weighed)
    case 'unverified-change': {
      const text: Fact = { code: 'trigger-unverified-change', params: {} }
      const running = { firesAt: alteration?.at ?? null, reason: alteration?.fact ?? null }
      return { id: 'unverified-change', on: trigger.on, objective: null, text, ...running }
    }
    case 'expiry': {
      const until = Date.parse(card.validity.until)
      const params = { until: dayText(until) }
      return {
        id: 'expiry',
        on: 'expiry',
        objective: null,
        text: { code: 'trigger-expiry', params },
        firesAt: until,
        reason: { code: 'expired', params },
      }
    }
  }
}

function forbiddenTrigger(one: Weighed): Armed {
  const { criterion, judged, taken, notMetSince } = one
  const happened = judged.state === 'unmet'
  return {
    id: `forbidden:${criterion.id}`,
    on: 'forbidden',
    objective: criterion.id,
    text: { code: 'trigger-forbidden', params: { title: criterion.title } },
    firesAt: happened ? (notMetSince ?? judged.since) : null,
    reason: happened
      ? {
          code: 'forbidden',
          params: {
            title: criterion.title,
            objective: criterion.id,
            count: taken?.value ?? 0,
            window: spanText(criterion.windowMs),
          },
        }
      : null,
  }
}

function unmetTrigger(objective: string | undefined, periods: number, periodMs: number, weighed: readonly Weighed[]): Armed {
  const span = spanText(periodMs)
  const one = weighed.find(({ criterion }) => criterion.id === objective)?.criterion
  const first = earliest(chosen(objective, weighed), (item) => item.notMetSince)
  const lasting = periods * periodMs
  return {
    id: objective === undefined ? 'unmet' : `unmet:${objective}`,
    on: 'unmet',
    objective: objective ?? null,
    text:
      one === undefined
        ? { code: 'trigger-unmet', params: { periods, span } }
        : { code: 'trigger-unmet-one', params: { periods, span, title: one.title } },
    firesAt: first === undefined ? null : first.since + lasting,
    reason: first === undefined ? null : unmetReason(first.item, lasting),
  }
}

function unmetReason({ criterion, taken, judged }: Weighed, lasting: number): Fact {
  const target = targetText(criterion.comparator, criterion.target, criterion.unit)
  if (judged.state === 'unproven')
    return {
      code: 'unproven-for',
      params: { title: criterion.title, objective: criterion.id, span: spanText(lasting), target },
    }
  const params = figureParams(criterion, taken?.value ?? 0)
  return lasting === 0 ? { code: 'unmet', params } : { code: 'unmet-for', params: { ...params, span: spanText(lasting) } }
}

function belowTrigger(objective: string, limit: number, weighed: readonly Weighed[]): Armed {
  const found = weighed.find(({ criterion }) => criterion.id === objective)
  const limitText = figureText(limit, found?.criterion.unit ?? 'count')
  const value = found?.taken?.value ?? null
  const fell = found !== undefined && found.judged.state !== 'unproven' && value !== null && value < limit
  return {
    id: `below:${objective}`,
    on: 'below',
    objective,
    text: { code: 'trigger-below', params: { title: found?.criterion.title ?? objective, limit: limitText } },
    firesAt: fell ? (found.notMetSince ?? found.judged.since) : null,
    reason: fell ? { code: 'below', params: { ...figureParams(found.criterion, value), limit: limitText } } : null,
  }
}

/** Which part of what a reading stands on is known to be good or bad, in percent; null where it counts nothing. */
export function knownShare({ good, bad, unknown }: Pick<Taken, 'good' | 'bad' | 'unknown'>): number | null {
  const all = good + bad + unknown
  return all === 0 ? null : (100 * (good + bad)) / all
}

function coverageTrigger(objective: string | undefined, limit: number, weighed: readonly Weighed[]): Armed {
  const one = weighed.find(({ criterion }) => criterion.id === objective)?.criterion
  const limitText = figureText(limit, 'percent')
  const lacking = chosen(objective, weighed).flatMap(({ criterion, taken, judged }) => {
    const share = taken === undefined || judged.state === 'unproven' ? null : knownShare(taken)
    return share === null || share >= limit || taken === undefined ? [] : [{ criterion, taken, share, since: judged.since }]
  })
  const first = lacking.toSorted((a, b) => a.since - b.since)[0]
  return {
    id: objective === undefined ? 'coverage' : `coverage:${objective}`,
    on: 'coverage',
    objective: objective ?? null,
    text:
      one === undefined
        ? { code: 'trigger-coverage', params: { limit: limitText } }
        : { code: 'trigger-coverage-one', params: { limit: limitText, title: one.title } },
    firesAt: first?.since ?? null,
    reason:
      first === undefined
        ? null
        : {
            code: 'coverage',
            params: {
              title: first.criterion.title,
              objective: first.criterion.id,
              figure: figureText(first.share, 'percent'),
              count: first.taken.unknown,
              limit: limitText,
            },
          },
  }
}

/** How long a miss of an objective may last until a trigger takes the badge, milliseconds. */
export function graceOf(card: Card, { id, kind }: Pick<Criterion, 'id' | 'kind'>): number {
  if (kind === 'forbidden') return 0
  const named = card.withdrawal.filter((trigger) => trigger.on === 'unmet')
  const all = named.some(({ objective }) => objective === undefined) ? named : [...named, { periods: DEFAULT_UNMET_PERIODS }]
  const periods = all.flatMap((trigger) =>
    !('objective' in trigger) || trigger.objective === undefined || trigger.objective === id ? [trigger.periods] : [],
  )
  return Math.min(...periods) * durationMs(card.period)
}

function staleTrigger(objective: string | undefined, graceMs: number, weighed: readonly Weighed[]): Armed {
  const one = weighed.find(({ criterion }) => criterion.id === objective)?.criterion
  const first = earliest(chosen(objective, weighed), (item) => item.unprovenSince)
  const span = spanText(graceMs)
  const code = `trigger-stale${one === undefined ? '' : '-one'}${graceMs === 0 ? '-now' : ''}` as const
  return {
    id: objective === undefined ? 'stale-evidence' : `stale-evidence:${objective}`,
    on: 'stale-evidence',
    objective: objective ?? null,
    text: { code, params: { span, ...(one === undefined ? {} : { title: one.title }) } },
    firesAt: first === undefined ? null : first.since + graceMs,
    reason: first === undefined ? null : (causeFact(first.item.criterion, first.item.taken, first.item.judged) ?? null),
  }
}

function chosen(objective: string | undefined, weighed: readonly Weighed[]): readonly Weighed[] {
  return objective === undefined ? weighed : weighed.filter(({ criterion }) => criterion.id === objective)
}

function earliest(
  weighed: readonly Weighed[],
  sinceOf: (item: Weighed) => number | null,
): { readonly item: Weighed; readonly since: number } | undefined {
  let found: { item: Weighed; since: number } | undefined
  for (const item of weighed) {
    const since = sinceOf(item)
    if (since !== null && (found === undefined || since < found.since)) found = { item, since }
  }
  return found
}
