import type { Clock } from '../../kernel/clock.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Measure, type Reading, shareOf } from '../../kernel/measure.ts'
import type { Db } from '../queries.ts'
import { factorsOf, lastFinished } from './queries.ts'
import { iso } from './view.ts'

const DAY_MS = 86_400_000
const NAMES_IN_EVIDENCE = 20
/** Whoever holds one of these can change what is detected, declared or allowed. */
const PRIVILEGED = ['engineer', 'approver', 'administrator'] as const

type MeasureInfo = Omit<Measure, 'measure'>

const REVIEW_AGE: MeasureInfo = {
  id: 'access.review-age',
  unit: 'days',
  title: { en: 'Days since the last finished access review', ja: '前回のアクセスレビュー完了からの日数' },
  check: noParameters,
}
const PRIVILEGED_MFA: MeasureInfo = {
  id: 'access.privileged-mfa',
  unit: 'percent',
  title: { en: 'Privileged people with a second factor', ja: '特権を持つ人の二要素認証の割合' },
  check: noParameters,
}

/** What a card may name, for checking cards where no server runs. */
export function accessMeasureInfos(): readonly MeasureInfo[] {
  return [REVIEW_AGE, PRIVILEGED_MFA]
}

/** Measures over who has access, for objectives of declaration cards. */
export function accessMeasures(db: Db, clock: Clock): readonly Measure[] {
  return [
    { ...REVIEW_AGE, measure: (_params, _from, to, scope) => reviewAge(db, Math.min(to, clock.now()), scope) },
    { ...PRIVILEGED_MFA, measure: (_params, _from, _to, scope) => privilegedMfa(db, scope) },
  ]
}

function noParameters(params: JsonObject): string | undefined {
  const [stray] = Object.keys(params)
  return stray === undefined ? undefined : `it has no parameter ${stray}; it knows none`
}

async function reviewAge(db: Db, to: number, scope: string): Promise<Reading> {
  const last = await lastFinished(db, scope, to + 1)
  if (last === undefined || last.finished === null) {
    const missing = { en: 'No access review was finished yet.', ja: '完了したアクセスレビューがまだありません。' }
    return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing }
  }
  const evidence = { review: last.id, name: last.name, finished: iso(last.finished), sha256: last.hash }
  return { value: Math.round(((to - last.finished) / DAY_MS) * 100) / 100, good: 1, bad: 0, unknown: 0, evidence }
}

async function privilegedMfa(db: Db, scope: string): Promise<Reading> {
  const people = await factorsOf(db, scope, PRIVILEGED)
  if (people.length === 0) {
    const missing = { en: 'Nobody holds a privileged role.', ja: '特権ロールを持つ人がいません。' }
    return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing }
  }
  const good = people.filter(({ factor }) => factor)
  // Whoever signs in elsewhere alone may have shown a second factor there; we do not know.
  const unknown = people.filter(({ factor, password }) => !factor && !password)
  const bad = people.filter(({ factor, password }) => !factor && password)
  const names = (list: typeof people): string[] => list.slice(0, NAMES_IN_EVIDENCE).map(({ name }) => name)
  return {
    value: shareOf(good.length, people.length),
    good: good.length,
    bad: bad.length,
    unknown: unknown.length,
    evidence: { people: people.length, without: names(bad), notKnown: names(unknown) },
  }
}
