import { isWorn, type ObjectiveState } from '../kernel/measure.ts'
import { readJson } from '../platform/state/columns.ts'
import { type CardState, evaluateNow } from './card-state.ts'
import { diffCards, weakenedIn } from './diff.ts'
import type { Evaluation } from './evaluate.ts'
import { figureText, spanText, targetText, timeText } from './figure.ts'
import { baseOf, requiredSignatures } from './four-eyes.ts'
import { reasonOf, say } from './messages.ts'
import type { Recorded } from './outlook.ts'
import { type Db, seriesOf, versionsOf } from './queries.ts'
import type { Bilingual, Card, CardView, EvidenceRef, ObjectiveView, TriggerView, WallResponse } from './schema.ts'
import type { SignaturesTable, VersionsTable } from './tables.ts'
import type { Weighed } from './triggers.ts'
import { approversOf, authorOf, countsNow, maySign, type Signer } from './versions.ts'
import { evidenceCoverage, outlookView } from './view-outlook.ts'

const POINTS = 60
/** Readings from which trends are told; a steady one is recorded every hour. */
const HISTORY = 120
const DAY_MS = 86_400_000

/** Places in the ledger of entries known by their outbox number; absent while the outbox is not drained that far. */
export type LedgerIndexes = (outbox: readonly number[]) => Promise<ReadonlyMap<number, number>>

/** A card with everything that its place on the wall shows, judged at `now` from what the store knows. */
export async function cardView(
  db: Db,
  state: CardState,
  who: Signer,
  ledgerIndexes: LedgerIndexes,
  now: number,
): Promise<CardView> {
  const { row, card } = state
  const evaluation = evaluateNow(state, now)
  const versions = await versionsOf(db, row.id)
  const series = new Map(
    await Promise.all(state.criteria.map(async ({ id }) => [id, await seriesOf(db, row.id, id, HISTORY)] as const)),
  )
  const outboxes = [
    row.outbox,
    ...[...state.objectives.values()].map(({ outbox }) => outbox),
    ...state.signatures.map(({ outbox }) => outbox),
  ].filter((outbox) => outbox > 0)
  const refs = refsOf(await ledgerIndexes([...new Set(outboxes)]))
  const until = Date.parse(card.validity.until)
  const objectives = evaluation.weighed.map((item) => objectiveView(item, state, evaluation, series, refs, now))
  const base = await baseOf(db, row)
  const required = Math.max(row.required ?? 0, card.signatures)
  const approvers = await approversOf(db, row, card)
  const given = state.signatures.filter(({ hash, at }) => hash === row.hash && countsNow(at, row))
  return {
    id: row.id,
    scope: row.scope,
    version: card.version,
    hash: row.hash,
    name: card.name,
    description: card.scope.description,
    owner: card.owner,
    badge: {
      state: evaluation.state,
      since: rfc3339(evaluation.since),
      reason: evaluation.reasons.map(reasonOf)[0] ?? null,
      reasons: evaluation.reasons.map(reasonOf),
      evidence: evaluation.state === row.state ? refs(row.outbox) : null,
    },
    objectives,
    evidenceCoverage: evidenceCoverage(objectives),
    triggers: evaluation.triggers.map(
      ({ id, on, objective, fired, text, firesAt }): TriggerView => ({
        id,
        on,
        objective,
        state: fired ? 'fired' : 'armed',
        text: say(text),
        firesAt: firesAt === null ? null : rfc3339(firesAt),
      }),
    ),
    earnBack: evaluation.steps.map(({ fact, done }) => ({ ...reasonOf(fact), done })),
    signatures: {
      required,
      given: bySigner(given).map((signature) => signatureView(signature, refs)),
      complete: bySigner(given).length >= required,
      approvers: card.approvers,
      youMaySign: maySign(approvers, who) && !isOwn(state.version, who) && !given.some(({ signer_id }) => signer_id === who.id),
    },
    validity: {
      from: rfc3339(Date.parse(card.validity.from)),
      until: rfc3339(until),
      daysLeft: Math.ceil((until - now) / DAY_MS),
    },
    nextReview: rfc3339(Date.parse(card.nextReview)),
    threats: card.threats,
    evidence: card.evidence,
    residualRisks: card.residualRisks.map((risk) => ({
      description: risk.description,
      approver: risk.approver,
      until: risk.until === undefined ? null : rfc3339(Date.parse(risk.until)),
    })),
    pending: versions
      .filter((version) => version.state === 'pending')
      .map((version) => {
        const document = readJson<Card>(version.document)
        const changes = [...diffCards(card, document)]
        const signed = state.signatures.filter(({ hash }) => hash === version.hash)
        return {
          hash: version.hash,
          version: version.version,
          proposedAt: rfc3339(version.at),
          proposedBy: version.by_name,
          given: bySigner(signed).map((signature) => signatureView(signature, refs)),
          required: requiredSignatures(base, document, authorOf(version)),
          changes,
          weakened: weakenedIn(changes),
        }
      }),
    evaluatedAt: row.evaluated_at === null ? null : rfc3339(row.evaluated_at),
    badgeUrl: `/public/cards/${row.id}/badge.svg`,
  }
}

function isOwn(version: VersionsTable, who: Signer): boolean {
  const { account } = authorOf(version)
  return account !== null && account === who.account
}

function objectiveView(
  item: Weighed,
  state: CardState,
  evaluation: Evaluation,
  series: ReadonlyMap<string, readonly Recorded[]>,
  refs: (outbox: number) => EvidenceRef | null,
  now: number,
): ObjectiveView {
  const { criterion, taken, judged, notMetSince } = item
  const recorded = series.get(criterion.id) ?? []
  const takenAt = withdrawsAt(criterion.id, item, evaluation)
  const written = [...state.card.objectives, ...state.card.forbidden].find(({ id }) => id === criterion.id)
  return {
    id: criterion.id,
    kind: criterion.kind,
    title: criterion.title,
    measure: criterion.measure,
    unit: criterion.unit,
    comparator: criterion.comparator,
    target: criterion.target,
    margin: criterion.margin,
    window: written?.window ?? '',
    maxEvidenceAge: written?.maxEvidenceAge ?? '',
    state: judged.state,
    atRisk: judged.atRisk,
    value: taken?.value ?? null,
    figure: taken?.value == null ? { en: '—', ja: '—' } : figureText(taken.value, criterion.unit),
    targetText: targetText(criterion.comparator, criterion.target, criterion.unit),
    missing: missingText(item, now),
    good: taken?.good ?? 0,
    bad: taken?.bad ?? 0,
    unknown: taken?.unknown ?? 0,
    detail: { ...taken?.detail },
    measuredAt: taken === undefined ? null : rfc3339(taken.measuredAt),
    evidenceAt: taken === undefined ? null : rfc3339(Math.min(taken.asOf, taken.measuredAt)),
    notMetSince: notMetSince === null ? null : rfc3339(notMetSince),
    withdrawsAt: takenAt === null ? null : rfc3339(takenAt),
    outlook: outlookView(state.card, item, recorded, takenAt, now),
    series: recorded.slice(-POINTS).map(({ at, value, state: was }) => ({ at: rfc3339(at), value, state: was })),
    evidence: refs(state.objectives.get(criterion.id)?.outbox ?? 0),
  }
}

function missingText({ criterion, taken, judged }: Weighed, now: number): Bilingual | null {
  switch (judged.cause) {
    case 'no-reading':
      return say({ code: 'missing-no-reading', params: {} })
    case 'no-value':
      return taken?.missing ?? say({ code: 'measure-silent', params: {} })
    case 'stale': {
      const age = now - Math.min(taken?.measuredAt ?? now, taken?.asOf ?? now)
      return say({ code: 'missing-stale', params: { age: spanText(age), limit: spanText(criterion.maxAgeMs) } })
    }
    case 'future':
      return say({ code: 'missing-future', params: { at: timeText(Math.max(taken?.measuredAt ?? 0, taken?.asOf ?? 0)) } })
    default:
      return null
  }
}

/** Only a badge that is up can be taken; the earliest trigger that this objective keeps running decides. */
function withdrawsAt(id: string, { judged, notMetSince }: Weighed, evaluation: Evaluation): number | null {
  if (notMetSince === null || !isWorn(evaluation.state)) return null
  const times = evaluation.triggers
    .filter(({ on, objective }) => (objective === null || objective === id) && concerns(on, judged.state))
    .flatMap(({ firesAt }) => firesAt ?? [])
  return times.length === 0 ? null : Math.min(...times)
}

function concerns(on: TriggerView['on'], state: ObjectiveState): boolean {
  return on === 'unmet' || on === 'below' || on === 'forbidden' || (on === 'stale-evidence' && state === 'unproven')
}

function bySigner(signatures: readonly SignaturesTable[]): readonly SignaturesTable[] {
  return [...new Map(signatures.map((signature) => [signature.signer_id, signature])).values()]
}

export function signatureView(signature: SignaturesTable, refs: (outbox: number) => EvidenceRef | null) {
  return { name: signature.signer_name, at: rfc3339(signature.at), evidence: refs(signature.outbox) }
}

export function refsOf(indexes: ReadonlyMap<number, number>): (outbox: number) => EvidenceRef | null {
  return (outbox) => (outbox === 0 ? null : { outbox, index: indexes.get(outbox) ?? null })
}

export function rfc3339(ms: number): string {
  return new Date(ms).toISOString()
}

/** What is at the top of the wall. */
export function wallTotals(cards: readonly CardView[]): WallResponse['totals'] {
  const count = (state: CardView['badge']['state']) => cards.filter((card) => card.badge.state === state).length
  const objectives = cards.flatMap((card) => card.objectives)
  const up = cards.filter(({ badge }) => isWorn(badge.state))
  const next = up.toSorted((a, b) => a.validity.daysLeft - b.validity.daysLeft)[0]
  return {
    cards: cards.length,
    held: count('held'),
    atRisk: count('at-risk'),
    withdrawn: count('withdrawn'),
    expired: count('expired'),
    draft: count('draft'),
    objectives: objectives.length,
    met: objectives.filter(({ state }) => state === 'met').length,
    unmet: objectives.filter(({ state }) => state === 'unmet').length,
    unproven: objectives.filter(({ state }) => state === 'unproven').length,
    nextToLapse: next === undefined ? null : { id: next.id, name: next.name, daysLeft: next.validity.daysLeft },
  }
}
