import { createHash } from 'node:crypto'
import type { RuleInfo, Severity } from '../kernel/detection.ts'
import { canonicalJson, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { type Measure, type Reading, shareOf } from '../kernel/measure.ts'
import type { State } from '../platform/state/state.ts'
import { quantile } from './alerts-queue.ts'
import { rfc3339, seconds } from './alerts-view.ts'
import { spreadProofs, statedSet } from './coverage.ts'
import type { Attack } from './coverage-attack.ts'
import { type AlertTimes, type Db, raisedBetween } from './queries.ts'
import type { Scenario } from './scenarios/load.ts'
import { proofsByTechnique, provenScenarios, type TechniqueProof } from './scenarios/proofs.ts'
import type { DetectTables } from './tables.ts'

const ALERTS_A_READING = 100_000
const IDS_IN_EVIDENCE = 20
/** An alert of the wanted severity that nobody judged within a day counts as imprecise: silence is not agreement. */
const JUDGE_WITHIN_S = 86_400

export interface DetectMeasureDeps {
  readonly state: State
  readonly attack: Attack
  readonly rules: () => readonly RuleInfo[]
  readonly scenarios: () => readonly Scenario[]
}

/** Measures over alerts and verdicts, for objectives of declaration cards. */
export function detectMeasures({ state, attack, rules, scenarios }: DetectMeasureDeps): readonly Measure[] {
  return definitions(attack).map(({ read, ...info }) => ({
    ...info,
    measure: (params, from, to, scope) =>
      read({
        db: state.scoped<DetectTables>(scope),
        rules,
        // Executions belong to the installation: every scope has the same rules.
        proofs: async () => proofsByTechnique(await provenScenarios(state.tables(), scenarios(), rules(), to)),
        params,
        from,
        to,
      }),
  }))
}

/** The same without anything to measure: what a card may name, for checking cards where no server runs. */
export function detectMeasureInfos(attack: Attack): readonly MeasureInfo[] {
  return definitions(attack).map(({ read: _read, ...info }) => info)
}

type MeasureInfo = Omit<Measure, 'measure'>

interface Question {
  readonly db: Db
  readonly rules: () => readonly RuleInfo[]
  /** As they stood at `to`. */
  readonly proofs: () => Promise<readonly TechniqueProof[]>
  readonly params: JsonObject
  readonly from: number
  readonly to: number
}

interface Definition extends MeasureInfo {
  readonly read: (question: Question) => Promise<Reading>
}

async function alertsOf({ db, params, from, to }: Question): Promise<AlertTimes[]> {
  return await raisedBetween(db, from, to, ALERTS_A_READING, severitiesOf(params['severity']))
}

function definitions(attack: Attack): readonly Definition[] {
  return [
    {
      id: 'detect.attack-coverage',
      unit: 'percent',
      title: { en: 'ATT&CK techniques proven by execution', ja: '実行で実証済みのATT&CK手法' },
      check: (params) => checkKeys(params, ['set', 'techniques']) ?? checkTechniques(params, attack),
      async read({ rules, proofs, params, from }) {
        return coverageReading(techniquesOf(params, attack, rules()), spreadProofs(await proofs()), from)
      },
    },
    {
      id: 'detect.alert-delay',
      unit: 'seconds',
      title: { en: 'Time from an event to its alert', ja: 'イベントからアラートまでの時間' },
      check: (params) => checkKeys(params, ['severity', 'statistic', 'since']) ?? checkDelay(params),
      async read(question) {
        const begin = question.params['since'] === 'observed' ? 'first_observed' : 'received'
        return timesReading(await alertsOf(question), question.params, (row) => row.raised - row[begin])
      },
    },
    {
      id: 'detect.time-to-acknowledge',
      unit: 'seconds',
      title: { en: 'Time until a person takes up an alert', ja: '担当者が着手するまでの時間' },
      check: (params) => checkKeys(params, ['severity', 'statistic']) ?? checkStatistic(params),
      async read(question) {
        // One that still waits has waited at least until now: leaving it out would reward not looking.
        const { params, to } = question
        return timesReading(await alertsOf(question), params, (row) => Math.min(row.acknowledged ?? to, to) - row.raised)
      },
    },
    {
      id: 'detect.time-to-verdict',
      unit: 'seconds',
      title: { en: 'Time until an alert is judged', ja: '判定が下るまでの時間' },
      check: (params) => checkKeys(params, ['severity', 'statistic']) ?? checkStatistic(params),
      async read(question) {
        const { params, to } = question
        return timesReading(await alertsOf(question), params, (row) => Math.min(row.judged ?? to, to) - row.raised)
      },
    },
    {
      id: 'detect.p1-precision',
      unit: 'percent',
      title: { en: 'P1 alerts that were true', ja: '真だったP1アラートの割合' },
      check: (params) => checkKeys(params, ['severity', 'judgeWithin']) ?? checkPrecision(params),
      async read(question) {
        const { params, to } = question
        const within = typeof params['judgeWithin'] === 'number' ? params['judgeWithin'] : JUDGE_WITHIN_S
        const rows = await alertsOf({ ...question, params: { severity: [1], ...params } })
        return precisionReading(rows, to - within * 1000)
      },
    },
  ]
}

// ── Parameters ──

function checkKeys(params: JsonObject, known: readonly string[]): string | undefined {
  const stray = Object.keys(params).find((key) => !known.includes(key))
  if (stray !== undefined) return `it has no parameter ${stray}; it knows ${known.join(', ')}`
  const severity = params['severity']
  if (severity === undefined || isSeverityList(severity)) return undefined
  return 'severity must be a list of numbers from 1 to 5'
}

function isSeverityList(value: unknown): value is readonly Severity[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => [1, 2, 3, 4, 5].includes(item as number))
}

function severitiesOf(value: unknown): readonly Severity[] {
  return isSeverityList(value) ? value : [1, 2, 3, 4, 5]
}

const STATISTICS = ['mean', 'p50', 'p95', 'max'] as const
type Statistic = (typeof STATISTICS)[number]

function statisticOf(params: JsonObject): Statistic {
  return STATISTICS.find((name) => name === params['statistic']) ?? 'p95'
}

function checkStatistic({ statistic }: JsonObject): string | undefined {
  return statistic === undefined || STATISTICS.some((name) => name === statistic)
    ? undefined
    : `statistic must be one of ${STATISTICS.join(', ')}`
}

function checkDelay(params: JsonObject): string | undefined {
  const { since } = params
  if (since !== undefined && since !== 'received' && since !== 'observed') return 'since must be received or observed'
  return checkStatistic(params)
}

function checkPrecision({ judgeWithin }: JsonObject): string | undefined {
  return judgeWithin === undefined || (typeof judgeWithin === 'number' && judgeWithin >= 0)
    ? undefined
    : 'judgeWithin must be a number of seconds'
}

const SETS = ['core', 'rules', 'all'] as const

function checkTechniques({ set, techniques }: JsonObject, attack: Attack): string | undefined {
  if (set !== undefined && !SETS.some((name) => name === set)) return `set must be one of ${SETS.join(', ')}`
  if (techniques === undefined) return undefined
  if (set !== undefined) return 'give either set or techniques'
  if (!Array.isArray(techniques) || techniques.length === 0) return 'techniques must be a list of ATT&CK ids'
  const stray = techniques.find((id) => typeof id !== 'string' || !attack.techniques.has(id))
  return stray === undefined ? undefined : `ATT&CK ${attack.version} has no technique ${String(stray)}`
}

function techniquesOf({ set, techniques }: JsonObject, attack: Attack, rules: readonly RuleInfo[]): readonly string[] {
  if (Array.isArray(techniques)) return [...new Set(techniques.filter((id) => typeof id === 'string'))].sort()
  if (set === 'rules') {
    const named = new Set(rules.flatMap((rule) => rule.techniques))
    return [...named].filter((id) => attack.techniques.has(id)).sort()
  }
  return set === 'all' ? statedSet(attack, rules) : [...attack.core.techniques].sort()
}

// ── Readings ──

function nothing(missing: { readonly en: string; readonly ja: string }, evidence: JsonObject = {}): Reading {
  return { value: null, good: 0, bad: 0, unknown: 0, evidence, missing }
}

/** @param since milliseconds UTC: a scenario that passed before proves nothing any more. */
function coverageReading(wanted: readonly string[], proofs: ReadonlyMap<string, TechniqueProof>, since: number): Reading {
  if (wanted.length === 0) return nothing({ en: 'The set of techniques is empty.', ja: '対象とする手法がありません。' })
  const lately = (id: string): TechniqueProof | undefined => {
    const proof = proofs.get(id)
    return proof === undefined || proof.at < since ? undefined : proof
  }
  const good = wanted.filter((id) => lately(id)?.state === 'passed')
  const bad = wanted.filter((id) => lately(id)?.state === 'failed')
  // Without an executed proof nobody knows whether the technique would be seen.
  const open = wanted.filter((id) => !good.includes(id) && !bad.includes(id))
  return {
    value: shareOf(good.length, wanted.length),
    good: good.length,
    bad: bad.length,
    unknown: open.length,
    inputs: [digestOf(wanted.map((id) => [id, lately(id)?.state ?? null, lately(id)?.at ?? null]))],
    evidence: {
      techniques: wanted.length,
      proven: good.length,
      failed: bad.slice(0, IDS_IN_EVIDENCE),
      notProven: open.slice(0, IDS_IN_EVIDENCE),
    },
  }
}

function timesReading(rows: readonly AlertTimes[], params: JsonObject, timeOf: (row: AlertTimes) => number): Reading {
  if (rows.length === 0) return nothing({ en: 'No alert was raised in the window.', ja: '対象期間にアラートがありません。' })
  const times = rows.map((row) => ({ id: row.id, ms: Math.max(0, timeOf(row)) })).sort((a, b) => a.ms - b.ms)
  const statistic = statisticOf(params)
  const value = seconds(
    statisticValue(
      statistic,
      times.map(({ ms }) => ms),
    ),
  )
  return {
    value,
    good: times.length,
    bad: 0,
    unknown: 0,
    inputs: [digestOf(times.map(({ id, ms }) => [id, ms]))],
    evidence: {
      alerts: times.length,
      statistic,
      newest: rfc3339(rows.reduce((newest, row) => Math.max(newest, row.raised), 0)),
      slowest: times.slice(-IDS_IN_EVIDENCE).map(({ id }) => id),
    },
  }
}

function statisticValue(statistic: Statistic, ascending: readonly number[]): number {
  if (statistic === 'mean') return ascending.reduce((sum, ms) => sum + ms, 0) / ascending.length
  return quantile(ascending, statistic === 'max' ? 1 : statistic === 'p50' ? 0.5 : 0.95)
}

function precisionReading(rows: readonly AlertTimes[], overdueBefore: number): Reading {
  const judged = rows.filter((row) => row.judged !== null)
  const good = judged.filter((row) => row.verdict === 'true')
  const overdue = rows.filter((row) => row.judged === null && row.raised < overdueBefore)
  const counted = judged.length + overdue.length
  if (counted === 0)
    return nothing(
      {
        en: 'No alert of this severity was judged in the window.',
        ja: '対象期間に、この重要度で判定されたアラートがありません。',
      },
      { waiting: rows.length },
    )
  return {
    value: shareOf(good.length, counted),
    good: good.length,
    bad: judged.length - good.length,
    unknown: overdue.length,
    inputs: [digestOf([...judged, ...overdue].map(({ id, verdict }) => [id, verdict]))],
    evidence: {
      judged: judged.length,
      true: good.length,
      notJudgedInTime: overdue.slice(0, IDS_IN_EVIDENCE).map((row) => row.id),
      notTrue: judged
        .filter((row) => row.verdict !== 'true')
        .slice(0, IDS_IN_EVIDENCE)
        .map((row) => row.id),
    },
  }
}

/** Of all that was counted, where the evidence names but the first twenty. */
function digestOf(items: readonly (readonly JsonValue[])[]): string {
  return createHash('sha256').update(canonicalJson(items)).digest('hex')
}
