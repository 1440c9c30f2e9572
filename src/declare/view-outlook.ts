import type { Criterion } from './criteria.ts'
import { whenText } from './figure.ts'
import { say } from './messages.ts'
import { type Forecast, outlookOf, type Recorded } from './outlook.ts'
import type { Card, ObjectiveView, OutlookView } from './schema.ts'
import { graceOf, knownShare, type Weighed } from './triggers.ts'

type Kind = Forecast['kind'] | 'withdrawn' | 'stale'

/**
 * Where an objective is going, in figures and words.
 * @param recorded oldest first.
 * @param withdrawsAt when a trigger takes the badge unless it is met before; null if none is running.
 */
export function outlookView(
  card: Card,
  { criterion, taken, judged, notMetSince }: Weighed,
  recorded: readonly Recorded[],
  withdrawsAt: number | null,
  now: number,
): OutlookView {
  const { good, bad, unknown } = taken ?? { good: 0, bad: 0, unknown: 0 }
  const present = { value: taken?.value ?? null, good, bad, unknown, state: judged.state, notMetSince }
  const { shares, budget, burn, forecast } = outlookOf(criterion, present, recorded, graceOf(card, criterion), now)
  const coming: { readonly kind: Kind; readonly at: number }[] = []
  if (forecast !== null) coming.push(forecast)
  if (withdrawsAt !== null && withdrawsAt > now) coming.push({ kind: 'withdrawn', at: withdrawsAt })
  const stale = staleAt(criterion, taken, now)
  if (judged.state !== 'unproven' && stale !== null) coming.push({ kind: 'stale', at: stale })
  return {
    shares:
      shares === null
        ? null
        : {
            since: new Date(shares.since).toISOString(),
            met: percent(shares.met),
            unmet: percent(shares.unmet),
            unproven: percent(shares.unproven),
          },
    budget: budget === null ? null : { ...budget, left: percent(budget.left) },
    burn,
    forecasts: coming
      .toSorted((a, b) => a.at - b.at)
      .map(({ kind, at }) => ({
        kind,
        at: new Date(at).toISOString(),
        text: say({ code: `forecast-${kind}`, params: { when: whenText(at, now) } }),
      })),
    known: taken === undefined ? null : knownShare(taken),
  }
}

/** Only where more than half of the time is over: evidence that is renewed every minute is not about to end. */
function staleAt({ maxAgeMs }: Criterion, taken: Weighed['taken'], now: number): number | null {
  if (taken === undefined) return null
  const until = Math.min(taken.asOf, taken.measuredAt) + maxAgeMs
  return until > now && until - now < maxAgeMs / 2 ? until : null
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10
}

/** How much of a card stands on valid evidence: now, and over the time of which all its criteria have records. */
export function evidenceCoverage(objectives: readonly ObjectiveView[]): {
  readonly proven: number
  readonly of: number
  readonly share: number | null
} {
  const shares = objectives.map(({ outlook }) => outlook.shares)
  const known = shares.filter((share) => share !== null)
  return {
    proven: objectives.filter(({ state }) => state !== 'unproven').length,
    of: objectives.length,
    // A criterion that was never measured was never proven.
    share:
      known.length === 0
        ? null
        : Math.round((10 * known.reduce((sum, { unproven }) => sum + 100 - unproven, 0)) / shares.length) / 10,
  }
}
