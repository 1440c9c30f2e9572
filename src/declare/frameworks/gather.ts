import type { JsonObject } from '../../kernel/json.ts'
import { isWorn, type Measure } from '../../kernel/measure.ts'
import { type CardState, evaluateNow } from '../card-state.ts'
import { durationMs } from '../duration.ts'
import type { Evaluation } from '../evaluate.ts'
import { figureText, targetText } from '../figure.ts'
import { rfc3339 } from '../view.ts'
import type { Ground, GroundFigure, GroundState, GroundView } from './schema.ts'
import { words } from './words.ts'

/** How long an executed attack proves that it would be seen. */
const LATELY_MS = durationMs('P7D')
/** The measure that is asked for executed techniques. */
export const COVERAGE_MEASURE = 'detect.attack-coverage'

/** What a check of Kanpeki itself says, with what it counted. */
export type CheckAnswer = Pick<GroundFigure, 'figure' | 'state' | 'reason' | 'at' | 'link' | 'evidence'>
/** Checks by id; each is asked in the scope of whoever looks. A check that throws has proven nothing. */
export type Checks = Readonly<Record<string, (scope: string) => Promise<CheckAnswer>>>

export interface GatherDeps {
  readonly cards: readonly CardState[]
  /** Ledger entries by outbox number. */
  readonly refs: (outbox: number) => GroundFigure['evidence']
  readonly coverage: Pick<Measure, 'measure'> | undefined
  readonly checks: Checks
  readonly scope: string
  readonly now: number
}

interface Judged {
  readonly card: CardState
  readonly evaluation: Evaluation
}

/** By as many as it takes: more than the card itself asks for where it promises less than before. */
function isSigned({ card, evaluation }: Judged): boolean {
  return evaluation.signed >= Math.max(card.row.required ?? 0, card.card.signatures)
}

/** What each ground is worth now. Nothing here throws because of one ground: what cannot be asked is not proven. */
export async function gatherGrounds(grounds: Iterable<Ground>, deps: GatherDeps): Promise<ReadonlyMap<string, GroundView>> {
  const judged = deps.cards.map((card) => ({ card, evaluation: evaluateNow(card, deps.now) }))
  const own: Checks = {
    declarations: async () => declarations(judged, deps),
    'residual-risks': async () => residualRisks(judged, deps.now),
    'reviews-kept': async () => reviewsKept(judged, deps.now),
  }
  const all = { ...own, ...deps.checks }
  const views = await Promise.all(
    [...grounds].map(async (ground): Promise<[string, GroundView]> => {
      if (ground.techniques !== undefined) return [ground.id, await techniques(ground, ground.techniques, deps)]
      if (ground.check !== undefined) return [ground.id, await checked(ground, all[ground.check], deps.scope)]
      return [ground.id, objectives(ground, judged, deps)]
    }),
  )
  return new Map(views)
}

/** The worst of them: one ground that is missing is a proof that is missing. */
export function worst(states: readonly GroundState[]): GroundState {
  if (states.length === 0 || states.includes('not-proven')) return 'not-proven'
  return states.includes('at-risk') ? 'at-risk' : 'proven'
}

function titleOf({ en, ja }: Ground): GroundView['title'] {
  return { en, ja }
}

// ── Objectives of cards ──

function objectives(ground: Ground, judged: readonly Judged[], { refs }: GatherDeps): GroundView {
  const figures = judged.flatMap(({ card, evaluation }) =>
    evaluation.weighed
      .filter(({ criterion }) => speaksOf(ground, criterion.measure, criterion.params))
      .map(({ criterion, taken, judged: verdict }): GroundFigure => {
        const { state, reason } = standing(evaluation.state, verdict.state, verdict.atRisk, isSigned({ card, evaluation }))
        return {
          title: { en: `${card.card.name.en}: ${criterion.title.en}`, ja: `${card.card.name.ja}：${criterion.title.ja}` },
          figure: taken?.value == null ? null : figureText(taken.value, criterion.unit),
          target: targetText(criterion.comparator, criterion.target, criterion.unit),
          objective: verdict.state,
          state,
          reason,
          at: taken === undefined ? null : rfc3339(Math.min(taken.asOf, taken.measuredAt)),
          link: { to: 'card', card: card.row.id, objective: criterion.id },
          evidence: refs(card.objectives.get(criterion.id)?.outbox ?? 0),
        }
      }),
  )
  const reason = figures.length === 0 ? words.undeclared([...(ground.measures ?? []), ...(ground.series ?? [])]) : null
  return {
    id: ground.id,
    title: titleOf(ground),
    kind: 'objectives',
    state: worst(figures.map(({ state }) => state)),
    reason,
    figures,
  }
}

function speaksOf(ground: Ground, measure: string, params: JsonObject): boolean {
  if (ground.measures?.includes(measure) === true) return true
  const { series } = params
  return measure.startsWith('external.') && typeof series === 'string' && ground.series?.includes(series) === true
}

function standing(
  badge: Evaluation['state'],
  objective: 'met' | 'unmet' | 'unproven',
  atRisk: boolean,
  signed: boolean,
): { readonly state: GroundState; readonly reason: GroundFigure['reason'] } {
  if (objective === 'unproven') return { state: 'not-proven', reason: words.unproven() }
  if (objective === 'unmet') return { state: 'not-proven', reason: words.unmet() }
  if (badge === 'expired') return { state: 'not-proven', reason: words.expired() }
  // Nobody stands for what nobody signed.
  if (!signed) return { state: 'not-proven', reason: words.unsigned() }
  if (atRisk) return { state: 'at-risk', reason: words.nearTarget() }
  // At risk because of another objective, the badge still says what this one says.
  if (!isWorn(badge)) return { state: 'at-risk', reason: words.badgeNotHeld() }
  return { state: 'proven', reason: null }
}

// ── Executed attacks ──

async function techniques(ground: Ground, wanted: readonly string[], { coverage, scope, now }: GatherDeps): Promise<GroundView> {
  const view = { id: ground.id, title: titleOf(ground), kind: 'techniques' as const }
  const figures = await Promise.all(
    wanted.map(async (technique): Promise<GroundFigure> => {
      const reading = await coverage?.measure({ techniques: [technique] }, now - LATELY_MS, now, scope).catch(() => undefined)
      const seen = reading !== undefined && reading.value === 100
      const failed = reading !== undefined && reading.bad > 0
      return {
        title: { en: technique, ja: technique },
        figure: reading === undefined ? null : seen ? words.seen() : failed ? words.missed() : words.notExecuted(),
        target: words.seen(),
        objective: null,
        state: seen ? 'proven' : 'not-proven',
        reason: seen ? null : failed ? words.missedWhy() : words.notExecutedWhy(),
        at: null,
        link: { to: 'coverage', technique },
        evidence: null,
      }
    }),
  )
  return { ...view, state: worst(figures.map(({ state }) => state)), reason: null, figures }
}

// ── Questions that Kanpeki answers of itself ──

async function checked(ground: Ground, check: Checks[string] | undefined, scope: string): Promise<GroundView> {
  const view = { id: ground.id, title: titleOf(ground), kind: 'check' as const }
  const answer = await check?.(scope).catch(() => undefined)
  if (answer === undefined) return { ...view, state: 'not-proven', reason: words.unanswered(), figures: [] }
  const figure: GroundFigure = { title: view.title, target: null, objective: null, ...answer }
  return { ...view, state: answer.state, reason: null, figures: [figure] }
}

const PAGE = { to: 'page', page: 'declarations' } as const

function inForce(judged: readonly Judged[]): readonly Judged[] {
  return judged.filter((one) => one.evaluation.state !== 'expired' && isSigned(one))
}

function declarations(judged: readonly Judged[], { refs, now }: GatherDeps): CheckAnswer {
  const signed = inForce(judged)
  const held = signed.filter(({ evaluation }) => evaluation.state === 'held')
  const state = signed.length === 0 ? 'not-proven' : held.length === signed.length ? 'proven' : 'at-risk'
  const last = signed.map(({ card }) => card.row.outbox).reduce((a, b) => Math.max(a, b), 0)
  return {
    figure: words.signedCards(signed.length, judged.length, held.length),
    state,
    reason: state === 'proven' ? null : signed.length === 0 ? words.noSignedCard() : words.badgeNotHeld(),
    at: rfc3339(now),
    link: PAGE,
    evidence: refs(last),
  }
}

function residualRisks(judged: readonly Judged[], now: number): CheckAnswer {
  const signed = inForce(judged)
  const risks = signed.flatMap(({ card }) => card.card.residualRisks)
  const overdue = risks.filter(({ until }) => until !== undefined && Date.parse(until) <= now)
  const state = signed.length === 0 || overdue.length > 0 ? 'not-proven' : 'proven'
  return {
    figure: words.risks(risks.length, overdue.length),
    state,
    reason: state === 'proven' ? null : signed.length === 0 ? words.noSignedCard() : words.risksOverdue(),
    at: rfc3339(now),
    link: PAGE,
    evidence: null,
  }
}

function reviewsKept(judged: readonly Judged[], now: number): CheckAnswer {
  const signed = inForce(judged)
  const overdue = signed.filter(({ card }) => Date.parse(card.card.nextReview) <= now)
  const state = signed.length === 0 || overdue.length > 0 ? 'not-proven' : 'proven'
  return {
    figure: words.reviews(signed.length, overdue.length),
    state,
    reason: state === 'proven' ? null : signed.length === 0 ? words.noSignedCard() : words.reviewsOverdue(),
    at: rfc3339(now),
    link: PAGE,
    evidence: null,
  }
}
