import type { IncidentDetail, IncidentSummary, IncidentsReply } from '../respond/incidents/schema.ts'
import { MESSAGE_WORDS, PHASE_WORDS, ROLE_WORDS } from '../respond/incidents/words.ts'
import type { Language } from './language.ts'
import { columnsOf, plain } from './terminal-text.ts'

const WORDS = {
  en: {
    none: 'No incident.',
    more: 'There are more (--limit).',
    totals: (open: number, overdue: number, follow: number) =>
      `${open} open, ${overdue} overdue tasks, ${follow} open follow-ups`,
    overdue: (count: number) => `${count} overdue`,
    exercise: 'exercise',
    state: { open: 'open', closed: 'closed', merged: 'merged' },
    outcome: { true: 'real', expected: 'expected', false: 'false alarm' },
    label: {
      state: 'State',
      opened: 'Opened',
      clocks: 'Clocks',
      people: 'People',
      tasks: 'Tasks',
      alerts: 'Alerts',
      told: 'Told',
      follow: 'Follow-ups',
    },
    clocks: ['detected in', 'taken up in', 'contained in', 'resolved in'],
    late: 'late',
  },
  ja: {
    none: 'インシデントはありません。',
    more: '続きがあります（--limit で件数を増やせます）。',
    totals: (open: number, overdue: number, follow: number) =>
      `対応中${open}件、期限超過の作業${overdue}件、未完了の再発防止策${follow}件`,
    overdue: (count: number) => `期限超過${count}件`,
    exercise: '演習',
    state: { open: '対応中', closed: '完了', merged: '統合済み' },
    outcome: { true: '実際のインシデント', expected: '想定内', false: '誤報' },
    label: {
      state: '状態',
      opened: '起票',
      clocks: '所要時間',
      people: '体制',
      tasks: '作業',
      alerts: 'アラート',
      told: '連絡',
      follow: '再発防止策',
    },
    clocks: ['検知まで', '着手まで', '封じ込めまで', '解決まで'],
    late: '期限超過',
  },
} as const

/** A line for each; whatever people or events wrote is made harmless. */
export function incidentLines({ incidents, totals, next }: IncidentsReply, language: Language): string {
  const words = WORDS[language]
  if (incidents.length === 0) return `${words.none}\n`
  const lines = incidents.map((one) => {
    const late = one.tasks.overdue === 0 ? [] : [words.overdue(one.tasks.overdue)]
    const marks = [
      ...(one.exercise === null ? [] : [words.exercise]),
      ...late,
      ...(one.commander === null ? [] : [plain(one.commander)]),
    ]
    return [`INC-${one.number}`, `P${one.severity}`, standing(one, language), plain(titleOf(one, language)), ...marks].join('  ')
  })
  const foot = words.totals(totals.open, totals.overdueTasks, totals.openFollowUps)
  return [...lines, '', foot, ...(next === null ? [] : [words.more]), ''].join('\n')
}

export function incidentText(incident: IncidentDetail, language: Language): string {
  const words = WORDS[language]
  const { label } = words
  const clocks = [incident.clocks.detect, incident.clocks.acknowledge, incident.clocks.contain, incident.clocks.resolve]
  const rows: (readonly [string, string])[] = [
    [label.state, `${standing(incident, language)}${incident.outcome === null ? '' : `, ${words.outcome[incident.outcome]}`}`],
    [label.opened, `${incident.opened}, ${plain(incident.openedBy)}`],
    [
      label.clocks,
      clocks.flatMap((seconds, at) => (seconds === null ? [] : [`${words.clocks[at]} ${Math.round(seconds)} s`])).join(', '),
    ],
    [label.people, incident.roles.map(({ role, person }) => `${ROLE_WORDS[role][language]}: ${plain(person)}`).join(', ')],
  ]
  const column = Math.max(...rows.map(([name]) => columnsOf(name)))
  const block = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
  return [
    `INC-${incident.number}  P${incident.severity}  ${plain(titleOf(incident, language))}`,
    incident.id,
    ...(incident.summary === '' ? [] : ['', plain(incident.summary)]),
    '',
    ...rows
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}${' '.repeat(column - columnsOf(name))}  ${value}`),
    ...block(
      label.tasks,
      incident.taskList
        .filter(({ due, done }) => due !== null || done !== null)
        .map(
          (task) =>
            `[${task.done === null ? ' ' : 'x'}] ${plain(task.title[language])}  ${task.done ?? task.due ?? ''}${task.overdue ? `  ${words.late}` : ''}`,
        ),
    ),
    ...block(
      label.alerts,
      incident.alertList.map(
        (alert) => `P${alert.severity}  ${plain(alert.title[language])}  ${plain(alert.entity.name)}  ${alert.raised}`,
      ),
    ),
    ...block(
      label.told,
      incident.messages.map(
        (message) =>
          `${plain(message.audience[language])}  ${MESSAGE_WORDS[message.state][language]}  ${message.sent ?? message.due ?? ''}`,
      ),
    ),
    ...block(
      label.follow,
      incident.followUps.map(
        ({ title, owner, done, verified }) =>
          `[${verified !== null ? 'x' : done !== null ? '?' : ' '}] ${plain(title)}  ${plain(owner)}`,
      ),
    ),
    '',
  ].join('\n')
}

function titleOf({ title, titleJa }: Pick<IncidentSummary, 'title' | 'titleJa'>, language: Language): string {
  return language === 'ja' ? titleJa : title
}

function standing({ state, phase }: IncidentSummary, language: Language): string {
  return state === 'open' ? PHASE_WORDS[phase][language] : WORDS[language].state[state]
}
