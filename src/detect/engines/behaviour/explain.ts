import type { MatchedCondition } from '../../../kernel/detection.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { faded } from './judge.ts'
import type { Profile, Signal, SignalDetail } from './profile.ts'

/** More are not shown: they weigh next to nothing. */
const SIGNALS_SHOWN = 8

/** What the alert keeps: figures for people and charts; the words are the reader's language's. */
export function fieldsOf(profile: Profile, signals: readonly Signal[], score: number, bar: number, now: number): JsonObject {
  return {
    'behaviour.score': rounded(score),
    'behaviour.bar': rounded(bar),
    'behaviour.days': profile.days,
    ...(profile.peers === '' ? {} : { 'behaviour.peers': profile.peers }),
    ...(profile.criticality === undefined ? {} : { 'behaviour.criticality': profile.criticality }),
    'behaviour.signals': signals.slice(0, SIGNALS_SHOWN).map((signal) => ({
      feature: signal.feature,
      score: rounded(signal.score * faded(now - signal.at)),
      at: new Date(signal.at).toISOString(),
      event: signal.eventId,
      ...(signal.detail as unknown as Record<string, JsonValue>),
    })),
  }
}

/** The same in English sentences, for lists, mails and the terminal. */
export function conditionsOf(signals: readonly Signal[]): readonly MatchedCondition[] {
  return signals.slice(0, SIGNALS_SHOWN).map(({ feature, detail }) => ({
    text: `${NAMES[feature] ?? feature}: ${sentenceOf(detail)}`,
    fields: ['behaviour.signals'],
  }))
}

/** English names of features; the console has them in both languages. */
const NAMES: Readonly<Record<string, string>> = {
  'user-network': 'network signed in from',
  'user-country': 'country signed in from',
  'user-host': 'host signed in to',
  'user-hosts': 'different hosts a day',
  'user-process': 'program',
  'user-action': 'administrative action',
  'user-actions': 'different administrative actions a day',
  'user-signins': 'sign-ins a day',
  'user-failures': 'failed sign-ins a day',
  'user-files': 'files a day',
  'user-changes': 'administrative actions a day',
  'user-bytes': 'bytes fetched or sent a day',
  'user-events': 'events a day',
  'user-hours': 'hour',
  'user-odd-hours': 'events a day at unusual hours',
  'user-travel': 'travel',
  'host-process': 'program',
  'host-parent': 'program started by',
  'host-destination': 'destination',
  'host-destinations': 'different destinations a day',
  'host-user': 'user',
  'host-bytes': 'bytes sent a day',
  'host-dns': 'DNS queries a day',
  'host-failures': 'failed sign-ins a day',
  'host-processes': 'programs started a day',
  'host-events': 'events a day',
  'host-hours': 'hour',
}

export const FEATURE_IDS: readonly string[] = Object.keys(NAMES)

function sentenceOf(detail: SignalDetail): string {
  switch (detail.type) {
    case 'new': {
      const more = detail.count > 1 ? ` (${detail.count} new ones today)` : ''
      return `${detail.value} for the first time${more}; ${othersOf(detail.others)}`
    }
    case 'rare':
      return `${detail.value} for the first time in ${detail.days} days`
    case 'volume': {
      const { now, low, high, unit, peers } = detail
      const who = peers === true ? 'peers usually' : 'usually'
      const usual = low === high ? figure(low, unit) : `${figure(low, unit)}–${figure(high, unit)}`
      return `${who} ${usual} a day, today ${figure(now, unit)}`
    }
    case 'hours':
      return `active at ${String(detail.hour).padStart(2, '0')}:00${detail.weekend ? ' at a weekend' : ''}, as on ${shareOf(detail.share)} of such days`
    case 'travel':
      return `${detail.from} → ${detail.to}, ${detail.km} km in ${detail.minutes} min (${detail.kmh} km/h)`
  }
}

function othersOf(others: number): string {
  return others === 0 ? 'nobody else has it' : others === 1 ? '1 other has it' : `${others} others have it`
}

function shareOf(share: number): string {
  return share < 0.01 ? 'under 1 %' : `${Math.round(share * 100)} %`
}

const SCALE = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

function figure(value: number, unit: 'count' | 'bytes'): string {
  if (unit === 'count') return String(Math.round(value))
  const step = value < 1 ? 0 : Math.min(SCALE.length - 1, Math.floor(Math.log10(value) / 3))
  return `${(value / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${SCALE[step]}`
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
