import type { CardView, ObjectiveView } from '../../declare/schema.ts'
import { isWorn } from '../../kernel/measure.ts'
import type { ReviewItem, Text } from './schema.ts'
import { plain, say } from './words.ts'

const DAY = 86_400_000
/** What ends within these is worth a word this week. */
const CARD_ENDS_WITHIN = 30
const RISK_ENDS_WITHIN = 30 * DAY
const REVIEW_DUE_WITHIN = 14 * DAY
const EXCEPTION_ENDS_WITHIN = 7 * DAY

/** An exception as the detect room keeps it. */
export interface ExceptionFacts {
  readonly id: string
  readonly title: Text
  readonly owner: string
  readonly hidden: number
  /** Milliseconds UTC. */
  readonly expires: number
}

export interface SourceFacts {
  readonly id: string
  readonly name: string
  /** RFC 3339. */
  readonly lastEventAt: string | null
}

/** What waits for a second person. */
export interface WaitingFacts {
  readonly kind: string
  readonly id: string
  readonly version: string
  readonly title: Text
  readonly author: string
  readonly needed: number
  readonly since: number
}

/** How a scope stands at a moment: what the review is written from. */
export interface Standing {
  readonly cards: readonly CardView[]
  /** In force. */
  readonly exceptions: readonly ExceptionFacts[]
  /** Those that have gone silent or fail. */
  readonly silent: readonly SourceFacts[]
  readonly waiting: readonly WaitingFacts[]
  readonly now: number
}

/** What may cost a badge or a promise soon, the soonest and gravest first. */
export function atRisk({ cards, exceptions, silent, now }: Standing): readonly ReviewItem[] {
  const items = [
    ...cards.flatMap((card) => card.objectives.flatMap((objective) => objectiveAtRisk(card, objective))),
    ...cards.flatMap((card) => endingCard(card)),
    ...cards.flatMap((card) => endingRisks(card, now)),
    ...exceptions.filter(({ expires }) => expires > now && expires - now <= EXCEPTION_ENDS_WITHIN).map(endingException),
    ...silent.map(silentSource),
  ]
  return items.toSorted(graver)
}

/** What a person has to say yes or no to. */
export function toDecide({ cards, waiting, now }: Standing): readonly ReviewItem[] {
  const items = [
    ...waiting.map(pending),
    ...cards.flatMap((card) => card.objectives.filter((one) => one.state === 'unmet').map((one) => missed(card, one))),
    ...cards.filter(({ validity }) => validity.daysLeft <= CARD_ENDS_WITHIN).map(renewal),
    ...cards.filter(({ nextReview }) => Date.parse(nextReview) - now <= REVIEW_DUE_WITHIN).map(cardReview),
    ...cards.flatMap((card) => endingRisks(card, now)),
  ]
  return items.toSorted(graver)
}

/** The numbers at the top. @param alerts raised in the week and in the one before. */
export function figuresOf({ cards, waiting }: Standing, alerts: { readonly now: number; readonly before: number }) {
  const objectives = cards.flatMap((card) => card.objectives)
  const worn = cards.filter(({ badge }) => isWorn(badge.state)).length
  const met = objectives.filter(({ state }) => state === 'met').length
  const share = (good: number, all: number) => (all === 0 ? 'gone' : good === all ? 'good' : 'bad')
  return [
    { id: 'badges', value: worn, of: cards.length, before: null, tone: share(worn, cards.length), href: '/declarations' },
    {
      id: 'objectives',
      value: met,
      of: objectives.length,
      before: null,
      tone: share(met, objectives.length),
      href: '/declarations',
    },
    { id: 'alerts', value: alerts.now, of: null, before: alerts.before, tone: 'plain', href: '/triage' },
    {
      id: 'waiting',
      value: waiting.length,
      of: null,
      before: null,
      tone: waiting.length > 0 ? 'risk' : 'good',
      href: '/declarations',
    },
  ] as const
}

const GRAVITY: readonly ReviewItem['tone'][] = ['bad', 'gone', 'risk', 'plain', 'good']

function graver(a: ReviewItem, b: ReviewItem): number {
  return GRAVITY.indexOf(a.tone) - GRAVITY.indexOf(b.tone) || (a.at ?? '9').localeCompare(b.at ?? '9') || a.id.localeCompare(b.id)
}

function cardHref(card: CardView): string {
  return `/declarations?card=${encodeURIComponent(card.id)}`
}

function day(instant: string): Text {
  return plain(instant.slice(0, 10))
}

function minute(instant: string): Text {
  return plain(`${instant.slice(0, 16).replace('T', ' ')} UTC`)
}

function objectiveAtRisk(card: CardView, objective: ObjectiveView): readonly ReviewItem[] {
  const { state, title, figure, targetText: target, withdrawsAt, outlook, missing, evidence } = objective
  const [forecast] = outlook.forecasts.filter(({ kind }) => kind !== 'regained')
  if (state === 'met' && !objective.atRisk && forecast === undefined) return []
  const at = withdrawsAt ?? forecast?.at ?? null
  const why = missing ?? forecast?.text
  const going = withdrawsAt === null ? null : say('withdrawsAt', { card: card.name, at: minute(withdrawsAt) })
  return [
    {
      id: `objective:${card.id}:${objective.id}`,
      kind: 'objective',
      tone: state === 'unmet' ? 'bad' : state === 'unproven' ? 'gone' : 'risk',
      title: state === 'unproven' ? say('objectiveUnproven', { title }) : say('objectiveUnmet', { title, figure, target }),
      detail: going ?? (why === undefined ? say('ofCard', { card: card.name }) : say('because', { card: card.name, why })),
      at,
      href: evidence?.index == null ? cardHref(card) : `/evidence?entry=${evidence.index}`,
      entry: evidence?.index ?? null,
    },
  ]
}

function endingCard(card: CardView): readonly ReviewItem[] {
  return card.validity.daysLeft > CARD_ENDS_WITHIN ? [] : [renewal(card)]
}

function renewal(card: CardView): ReviewItem {
  const { daysLeft, until } = card.validity
  return {
    id: `expiry:${card.id}`,
    kind: 'expiry',
    tone: daysLeft <= 0 ? 'bad' : 'risk',
    title:
      daysLeft <= 0 ? say('expired', { card: card.name }) : say('expires', { card: card.name, days: plain(String(daysLeft)) }),
    detail: say('expiryDetail'),
    at: until,
    href: cardHref(card),
    entry: null,
  }
}

function cardReview(card: CardView): ReviewItem {
  return {
    id: `card-review:${card.id}`,
    kind: 'card-review',
    tone: 'plain',
    title: say('reviewDue', { card: card.name, at: day(card.nextReview) }),
    detail: say('reviewDetail'),
    at: card.nextReview,
    href: cardHref(card),
    entry: null,
  }
}

function endingRisks(card: CardView, now: number): readonly ReviewItem[] {
  return card.residualRisks.flatMap(({ description, approver, until }, at): readonly ReviewItem[] => {
    if (until === null || Date.parse(until) - now > RISK_ENDS_WITHIN) return []
    const over = Date.parse(until) <= now
    return [
      {
        id: `risk:${card.id}:${at}`,
        kind: 'risk',
        tone: over ? 'bad' : 'risk',
        title: say('riskEnds', { title: description }),
        detail: say(over ? 'riskLapsed' : 'riskUntil', { card: card.name, name: plain(approver), at: day(until) }),
        at: until,
        href: cardHref(card),
        entry: null,
      },
    ]
  })
}

function endingException({ id, title, owner, hidden, expires }: ExceptionFacts): ReviewItem {
  const until = new Date(expires).toISOString()
  return {
    id: `exception:${id}`,
    kind: 'exception',
    tone: 'plain',
    title: say('exceptionEnds', { title, at: day(until) }),
    detail: say('exceptionDetail', { count: plain(String(hidden)), name: plain(owner) }),
    at: until,
    href: '/rules',
    entry: null,
  }
}

function silentSource({ id, name, lastEventAt }: SourceFacts): ReviewItem {
  return {
    id: `source:${id}`,
    kind: 'silent',
    tone: 'gone',
    title: say('silent', { title: plain(name) }),
    detail: lastEventAt === null ? null : say('silentDetail', { at: minute(lastEventAt) }),
    at: lastEventAt,
    href: `/sources?source=${encodeURIComponent(id)}`,
    entry: null,
  }
}

/** What is not written by an account came as a file. */
const A_FILE = { en: 'a file', ja: 'ファイル' }

function pending({ kind, id, version, title, author, needed, since }: WaitingFacts): ReviewItem {
  const card = kind === 'card'
  return {
    id: `pending:${kind}:${id}:${version}`,
    kind: 'pending',
    tone: 'risk',
    title: card ? say('pendingCard', { card: title, version: plain(version) }) : say('pendingException', { title }),
    detail: card
      ? say('pendingDetail', { name: author === 'file' ? A_FILE : plain(author), count: plain(String(needed)) })
      : say('pendingExceptionDetail', { name: plain(author) }),
    at: new Date(since).toISOString(),
    href: card ? `/declarations?card=${encodeURIComponent(id)}` : '/rules',
    entry: null,
  }
}

function missed(card: CardView, { id, title, figure, targetText: target, evidence }: ObjectiveView): ReviewItem {
  return {
    id: `missed:${card.id}:${id}`,
    kind: 'objective',
    tone: 'bad',
    title: say('unmetDecide', { title }),
    detail: say('objectiveUnmet', { title: card.name, figure, target }),
    at: null,
    href: evidence?.index == null ? cardHref(card) : `/evidence?entry=${evidence.index}`,
    entry: evidence?.index ?? null,
  }
}
