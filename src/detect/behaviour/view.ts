import type { Selectable } from 'kysely'
import { VOLUME_FEATURES } from '../engines/behaviour/features.ts'
import { faded, scoreOf, usualRange } from '../engines/behaviour/judge.ts'
import { LEARNING_DAYS } from '../engines/behaviour/limits.ts'
import { type Profile, restoreProfile } from '../engines/behaviour/profile.ts'
import { BEHAVIOUR_FEATURES, type BehaviourFeature, type EntityProfile, type SignalView, signalView } from './schema.ts'
import type { BehaviourTable } from './tables.ts'

const DAY_MS = 86_400_000
const VALUES_SHOWN = 12
const LEAST_SHOWN = 0.05

/** A profile as people see it. @param now milliseconds UTC; scores decay until then. */
export function profileView(row: Pick<Selectable<BehaviourTable>, 'profile'>, now: number): EntityProfile {
  const profile = restoreProfile(row.profile)
  const { hours, ofDays } = profile
  const shares = (from: number, days: number): number[] =>
    hours.slice(from, from + 24).map((active) => (days === 0 ? 0 : rounded(Math.min(1, active / days))))
  return {
    kind: profile.kind,
    name: profile.name,
    score: rounded(scoreOf(profile, now)),
    lastSeen: new Date(profile.lastSeen).toISOString(),
    signals: signalsOf(profile, now),
    peers: profile.peers,
    days: profile.days,
    learning: profile.days < LEARNING_DAYS,
    hours: { working: shares(0, ofDays[0]), weekend: shares(24, ofDays[1]) },
    volumes: known(profile.volumes)
      .map(([feature, { totals, today }]) => ({
        feature,
        unit: VOLUME_FEATURES.find(({ id }) => id === feature)?.unit ?? ('count' as const),
        ...usualRange(totals),
        days: totals,
        today,
      }))
      .filter(({ days, today }) => today > 0 || days.some((total) => total > 0)),
    values: known(profile.values).map(([feature, { known }]) => ({
      feature,
      values: [...known]
        .reverse()
        .slice(0, VALUES_SHOWN)
        .map(([value, [last, days]]) => ({ value, days, lastDay: new Date(last * DAY_MS).toISOString().slice(0, 10) })),
      count: known.size,
    })),
  }
}

export function signalsOf(profile: Pick<Profile, 'signals'>, now: number): SignalView[] {
  return [...profile.signals.values()]
    .map(({ feature, score, at, eventId, detail }) =>
      signalView.parse({
        feature,
        score: rounded(score * faded(now - at)),
        at: new Date(at).toISOString(),
        event: eventId,
        ...detail,
      }),
    )
    .filter(({ score }) => score >= LEAST_SHOWN)
    .sort((a, b) => b.score - a.score)
}

/** Of features that this version has. */
function known<T>(books: ReadonlyMap<string, T>): (readonly [BehaviourFeature, T])[] {
  return BEHAVIOUR_FEATURES.flatMap((feature) => {
    const book = books.get(feature)
    return book === undefined ? [] : [[feature, book] as const]
  })
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
