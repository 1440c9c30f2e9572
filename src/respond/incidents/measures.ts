import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { type Measure, type Reading, shareOf } from '../../kernel/measure.ts'
import type { State } from '../../platform/state/state.ts'
import { clockedTasks, type Db, incidentsConcernedBy } from './queries.ts'
import { GRADES } from './schema.ts'
import type { IncidentsTable, IncidentTables } from './tables.ts'

const NAMED_IN_EVIDENCE = 20

type MeasureInfo = Omit<Measure, 'measure'>
type Definition = MeasureInfo & {
  readonly read: (question: {
    readonly db: Db
    readonly params: JsonObject
    readonly from: number
    readonly to: number
  }) => Promise<Reading>
}

/** Measures over incidents, for objectives of cards. Exercises and merged incidents never count. */
export function incidentMeasures(state: State): readonly Measure[] {
  return DEFINITIONS.map(({ read, ...info }) => ({
    ...info,
    measure: (params, from, to, scope) => read({ db: state.scoped<IncidentTables>(scope), params, from, to }),
  }))
}

/** What a card may name, for checking cards where no server runs. */
export function incidentMeasureInfos(): readonly MeasureInfo[] {
  return DEFINITIONS.map(({ read: _read, ...info }) => info)
}

const STATISTICS = ['mean', 'p50', 'p95', 'max'] as const
type Statistic = (typeof STATISTICS)[number]

const DEFINITIONS: readonly Definition[] = [
  {
    id: 'respond.mttd',
    unit: 'seconds',
    title: { en: 'Time from the first trace to detection (MTTD)', ja: '最初の痕跡から検知までの時間（MTTD）' },
    check: checkTimes,
    // What people opened without an alert was not detected by anything: there is no time to speak of.
    read: (question) =>
      times(question, (row) =>
        row.detected === null || row.first_observed === null ? undefined : row.detected - row.first_observed,
      ),
  },
  {
    id: 'respond.mtta',
    unit: 'seconds',
    title: { en: 'Time until a person takes up an incident (MTTA)', ja: '担当者が着手するまでの時間（MTTA）' },
    check: checkTimes,
    read: (question) => times(question, (row, to) => Math.min(row.acknowledged ?? to, to) - (row.detected ?? row.opened)),
  },
  {
    id: 'respond.mttr',
    unit: 'seconds',
    title: { en: 'Time until an incident is resolved (MTTR)', ja: 'インシデントの解決までの時間（MTTR）' },
    check: checkTimes,
    // One that is still open has waited at least until now: leaving it out would reward not finishing.
    read: (question) => times(question, (row, to) => Math.min(row.closed ?? to, to) - (row.detected ?? row.opened)),
  },
  {
    id: 'respond.containment-automation',
    unit: 'percent',
    title: { en: 'Incidents contained without a person', ja: '人手を介さずに封じ込めたインシデントの割合' },
    check: (params) => checkKeys(params, ['severity']),
    read: automation,
  },
  {
    id: 'respond.p1-precision',
    unit: 'percent',
    title: { en: 'P1 incidents that were real', ja: '実際に発生していたP1インシデントの割合' },
    check: (params) => checkKeys(params, ['severity']),
    read: precision,
  },
  {
    id: 'respond.overdue-tasks',
    unit: 'count',
    title: { en: 'Overdue tasks of incidents', ja: '期限を過ぎたインシデントの作業' },
    check: (params) => checkKeys(params, ['severity']),
    read: overdue,
  },
]

// ── Parameters ──

function checkTimes(params: JsonObject): string | undefined {
  const { statistic } = params
  if (statistic !== undefined && !STATISTICS.some((name) => name === statistic))
    return `statistic must be one of ${STATISTICS.join(', ')}`
  return checkKeys(params, ['severity', 'statistic'])
}

function checkKeys(params: JsonObject, known: readonly string[]): string | undefined {
  const stray = Object.keys(params).find((key) => !known.includes(key))
  if (stray !== undefined) return `it has no parameter ${stray}; it knows ${known.join(', ')}`
  const { severity } = params
  if (severity === undefined) return undefined
  const list = Array.isArray(severity) ? severity : [severity]
  return list.length > 0 && list.every((one) => GRADES.some((grade) => grade === one))
    ? undefined
    : 'severity must be a number from 1 to 4, or a list of them'
}

function severitiesOf({ severity }: JsonObject, otherwise: readonly number[] = GRADES): readonly number[] {
  if (Array.isArray(severity)) return severity.filter((one): one is number => typeof one === 'number')
  return typeof severity === 'number' ? [severity] : otherwise
}

// ── Readings ──

interface Asked {
  readonly db: Db
  readonly params: JsonObject
  readonly from: number
  readonly to: number
}

const NONE = { en: 'There was no such incident in the window.', ja: '対象期間に該当するインシデントがありません。' }

function nothing(missing: { readonly en: string; readonly ja: string }, evidence: JsonObject = {}): Reading {
  return { value: null, good: 0, bad: 0, unknown: 0, evidence, missing }
}

/** Opened in the window, or still open when it began: neither a long one nor a late end is lost between two windows. */
async function incidentsIn({ db, params, from, to }: Asked, otherwise?: readonly number[]): Promise<IncidentsTable[]> {
  const wanted = severitiesOf(params, otherwise)
  return (await incidentsConcernedBy(db, from, to)).filter(
    (row) => wanted.includes(row.severity) && (row.opened >= from || row.closed === null || row.closed >= from),
  )
}

async function times(asked: Asked, timeOf: (row: IncidentsTable, to: number) => number | undefined): Promise<Reading> {
  // A false alarm is over soon; counted in, it would make the real ones look quick.
  const rows = (await incidentsIn(asked)).filter(({ outcome }) => outcome !== 'false')
  const all = rows
    .flatMap((row) => {
      const ms = timeOf(row, asked.to)
      return ms === undefined ? [] : [{ row, ms: Math.max(0, ms) }]
    })
    .toSorted((a, b) => a.ms - b.ms)
  if (all.length === 0) return nothing(NONE)
  const statistic = STATISTICS.find((name) => name === asked.params['statistic']) ?? 'mean'
  return {
    value: Math.round(
      statisticOf(
        statistic,
        all.map(({ ms }) => ms),
      ) / 1000,
    ),
    good: all.length,
    bad: 0,
    unknown: 0,
    inputs: [digestOf(all.map(({ row, ms }) => [row.id, ms]))],
    evidence: {
      incidents: all.length,
      statistic,
      open: all.filter(({ row }) => row.closed === null).length,
      slowest: all.slice(-NAMED_IN_EVIDENCE).map(({ row }) => nameOf(row)),
    },
  }
}

function statisticOf(statistic: Statistic, ascending: readonly number[]): number {
  if (statistic === 'mean') return ascending.reduce((sum, one) => sum + one, 0) / ascending.length
  const share = statistic === 'max' ? 1 : statistic === 'p50' ? 0.5 : 0.95
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)]!
}

async function automation(asked: Asked): Promise<Reading> {
  const { from, to } = asked
  const wanted = severitiesOf(asked.params)
  const rows = (await incidentsConcernedBy(asked.db, from, to)).filter(
    (row) => wanted.includes(row.severity) && row.contained !== null && row.contained >= from && row.contained < to,
  )
  if (rows.length === 0)
    return nothing({ en: 'No incident was contained in the window.', ja: '対象期間に封じ込めたインシデントがありません。' })
  const alone = rows.filter((row) => row.contained_by === 'playbook')
  return share(rows, alone)
}

async function precision(asked: Asked): Promise<Reading> {
  const rows = await incidentsIn(asked, [1])
  const judged = rows.filter(
    (row) => row.outcome !== null && row.closed !== null && row.closed < asked.to && row.closed >= asked.from,
  )
  const open = rows.filter((row) => row.closed === null)
  if (judged.length === 0)
    return nothing(
      {
        en: 'No incident of this severity was judged in the window.',
        ja: '対象期間に、この重大度で判定されたインシデントがありません。',
      },
      { open: open.length },
    )
  const real = judged.filter(({ outcome }) => outcome === 'true')
  return { ...share(judged, real), unknown: open.length }
}

function share(all: readonly IncidentsTable[], good: readonly IncidentsTable[]): Reading {
  const bad = all.filter((row) => !good.includes(row))
  return {
    value: shareOf(good.length, all.length),
    good: good.length,
    bad: bad.length,
    unknown: 0,
    inputs: [digestOf(all.map((row) => [row.id, good.includes(row)]))],
    evidence: { incidents: all.length, good: good.length, others: bad.slice(0, NAMED_IN_EVIDENCE).map(nameOf) },
  }
}

/** As they stood at the end of the window. */
async function overdue(asked: Asked): Promise<Reading> {
  const { db, from, to } = asked
  const rows = await incidentsIn(asked)
  if (rows.length === 0) return nothing(NONE)
  const byId = new Map(rows.map((row) => [row.id, row]))
  const counted = (await clockedTasks(db, from, to)).filter(({ incident_id }) => byId.has(incident_id))
  const late = counted.filter(({ due, done, incident_id }) => {
    const closed = byId.get(incident_id)?.closed ?? null
    return due !== null && due < to && (done === null || done >= to) && (closed === null || closed >= to)
  })
  return {
    value: late.length,
    good: counted.length - late.length,
    bad: late.length,
    unknown: 0,
    inputs: [digestOf(counted.map(({ id, due, done }) => [id, due, done]))],
    evidence: {
      tasks: counted.length,
      overdue: late.slice(0, NAMED_IN_EVIDENCE).map((task) => `${nameOf(byId.get(task.incident_id)!)}: ${task.title_en}`),
    },
  }
}

function nameOf({ number, severity }: IncidentsTable): string {
  return `INC-${number} P${severity}`
}

function digestOf(items: readonly (readonly JsonValue[])[]): string {
  return createHash('sha256').update(canonicalJson(items)).digest('hex')
}
