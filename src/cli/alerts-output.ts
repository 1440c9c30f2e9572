import type { AlertDetail, AlertSummary, QueueResponse, Verdict } from '../detect/schema.ts'
import type { Language } from './language.ts'
import { columnsOf, plain } from './terminal-text.ts'

interface Words {
  readonly totals: (groups: number, alerts: number, detections: number) => string
  readonly more: string
  readonly none: string
  readonly verdict: Readonly<Record<Verdict, string>>
  readonly open: string
  readonly points: (points: number) => string
  readonly label: Readonly<
    Record<'about' | 'state' | 'seen' | 'rule' | 'why' | 'fields' | 'risk' | 'history' | 'before' | 'ledger', string>
  >
  readonly seen: (first: string, last: string, count: number) => string
  readonly before: (same: number, any: number, days: number) => string
  readonly riskOf: (points: number, threshold: number) => string
  readonly entry: (index: number) => string
  readonly noEntry: string
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    totals: (groups, alerts, detections) => `${groups} stories, ${alerts} alerts, of ${detections} detections`,
    more: 'There are more (--limit).',
    none: 'The queue is empty.',
    verdict: { true: 'true', expected: 'expected', false: 'false alarm', escalated: 'escalated' },
    open: 'open',
    points: (points) => `risk ${points}`,
    label: {
      about: 'About',
      state: 'State',
      seen: 'Seen',
      rule: 'Rule',
      why: 'Why it fired',
      fields: 'In the event',
      risk: 'Risk',
      history: 'What was done',
      before: 'Before',
      ledger: 'Evidence',
    },
    seen: (first, last, count) => (count === 1 ? last : `${count} times, from ${first} to ${last}`),
    before: (same, any, days) => `${same} times on this entity, ${any} on any, in ${days} days`,
    riskOf: (points, threshold) => `${points} points; an alert is raised at ${threshold}`,
    entry: (index) => `entry ${index} of the ledger`,
    noEntry: 'not in the ledger yet',
  },
  ja: {
    totals: (groups, alerts, detections) => `${groups}件のストーリー、アラート${alerts}件（検知${detections}件から）`,
    more: '続きがあります（--limit で件数を増やせます）。',
    none: '待ち行列は空です。',
    verdict: { true: '真', expected: '想定内', false: '誤検知', escalated: 'エスカレーション' },
    open: '未対応',
    points: (points) => `リスク ${points}`,
    label: {
      about: '対象',
      state: '状態',
      seen: '観測',
      rule: 'ルール',
      why: '検知の理由',
      fields: 'イベントの値',
      risk: 'リスク',
      history: '対応の履歴',
      before: '過去の発生',
      ledger: '証拠',
    },
    seen: (first, last, count) => (count === 1 ? last : `${count}回（${first} から ${last}）`),
    before: (same, any, days) => `直近${days}日間：同じ対象で${same}回、全体で${any}回`,
    riskOf: (points, threshold) => `${points}点（${threshold}点でアラート）`,
    entry: (index) => `台帳の${index}番`,
    noEntry: '台帳への記録待ち',
  },
}

const ID_SHOWN = 8

/** Two levels: a line for each story, and its alerts below it. Everything that comes from events is made harmless. */
export function queueLines({ groups, totals, next }: QueueResponse, language: Language, width: number, now: number): string {
  const words = WORDS[language]
  if (groups.length === 0) return `${words.none}\n`
  const lines = groups.flatMap((group) => [
    cut(
      `P${group.severity}  ${plain(group.entity.name)}  ${titleOf(group, language)}  ×${group.count}  ${words.points(Math.round(group.risk))}  ${age(group.raisedAt, now)}`,
      width,
    ),
    ...group.alerts.map((alert) =>
      cut(
        `    ${alert.id.slice(0, ID_SHOWN)}  P${alert.severity}  ${titleOf({ title: alert.rule.title, titleJa: alert.rule.titleJa }, language)}  ×${alert.count}  ${stateOf(alert, words)}`,
        width,
      ),
    ),
  ])
  const foot = words.totals(totals.groups, totals.alerts, totals.detections)
  return [...lines, '', foot, ...(next === null ? [] : [words.more]), ''].join('\n')
}

export function alertLines(alert: AlertDetail, language: Language): string {
  const words = WORDS[language]
  const { label } = words
  const rows: (readonly [string, string])[] = [
    [label.about, plain(alert.entity.name)],
    [label.state, `${stateOf(alert, words)}${alert.assignee === null ? '' : `, ${plain(alert.assignee)}`}`],
    [label.seen, words.seen(alert.firstObserved, alert.lastObserved, alert.count)],
    [label.rule, `${plain(alert.rule.file)}  ${alert.techniques.join(' ')}`],
    [label.before, words.before(alert.before.sameEntity, alert.before.anyEntity, alert.before.days)],
    [label.ledger, alert.evidence === null ? words.noEntry : words.entry(alert.evidence.index)],
  ]
  const column = Math.max(...rows.map(([name]) => columnsOf(name)))
  const description = language === 'ja' ? alert.descriptionJa : alert.description
  const block = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
  return [
    `P${alert.severity}  ${titleOf({ title: alert.rule.title, titleJa: alert.rule.titleJa }, language)}`,
    alert.id,
    ...(description === '' ? [] : ['', plain(description)]),
    '',
    ...rows.map(([name, value]) => `${name}${' '.repeat(column - columnsOf(name))}  ${value}`),
    ...block(
      label.why,
      alert.conditions.map(({ text }) => plain(text)),
    ),
    ...block(
      label.fields,
      Object.entries(alert.fields).map(
        ([name, value]) => `${plain(name)} = ${plain(typeof value === 'string' ? value : JSON.stringify(value))}`,
      ),
    ),
    ...block(label.risk, [
      words.riskOf(alert.risk.points, alert.risk.threshold),
      ...alert.risk.parts.map(
        (part) =>
          `${part.points.toFixed(1).padStart(6)} = ${part.severityPoints} × ${part.criticalityFactor} × ${part.confidence} × ${part.repeatFactor} × ${part.ageFactor}  ${titleOf(part, language)}`,
      ),
    ]),
    ...block(
      label.history,
      alert.history.map(({ at, by, action, verdict, note }) =>
        [
          at,
          plain(by),
          action,
          ...(verdict === null ? [] : [words.verdict[verdict]]),
          ...(note === '' ? [] : [plain(note)]),
        ].join('  '),
      ),
    ),
    '',
  ].join('\n')
}

function titleOf({ title, titleJa }: { readonly title: string; readonly titleJa: string }, language: Language): string {
  return plain(language === 'ja' ? titleJa : title)
}

function stateOf({ state, verdict }: Pick<AlertSummary, 'state' | 'verdict'>, words: Words): string {
  return verdict === null ? words.open : state === 'open' ? `${words.open}, ${words.verdict[verdict]}` : words.verdict[verdict]
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

function age(instant: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(instant))
  const [unit, size] = UNITS.find(([, one]) => ms >= one) ?? UNITS[3]
  return `${Math.floor(ms / size)}${unit}`
}

function cut(line: string, width: number): string {
  if (columnsOf(line) <= width) return line
  let used = 0
  let kept = ''
  for (const sign of line) {
    used += columnsOf(sign)
    if (used > width - 1) break
    kept += sign
  }
  return `${kept}…`
}
