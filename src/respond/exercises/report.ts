import type { Block, Language, Report } from '../../platform/report/model.ts'
import { momentText } from '../../platform/report/words.ts'
import { spanText } from '../incidents/report.ts'
import type { ExerciseReport } from './schema.ts'

const WORDS = {
  en: {
    kicker: 'Kanpeki · report of an exercise',
    kind: { 'table-top': 'Table-top', simulation: 'Simulation' },
    note: 'An exercise: nothing of it happened, and no system was touched.',
    foot: (sha256: string) => `SHA-256 of the record, as the ledger has it: ${sha256}`,
    held: 'Held',
    by: 'Led by',
    people: 'Taking part',
    replies: 'Questions answered',
    reply: 'Time to an answer (mean, slowest)',
    incident: 'The incident that was worked on',
    acknowledge: 'Taken up',
    contain: 'Contained',
    tasks: 'Tasks done, late',
    told: 'People told, late',
    runs: 'Playbooks planned',
    injects: 'What was given, and what was answered',
    after: (minutes: number) => `After ${minutes} min`,
    never: 'not given',
    none: 'No answer.',
    expect: 'A good answer holds',
    summary: 'What was learnt',
    improvements: 'To be improved',
    what: 'What',
    owner: 'Owner',
  },
  ja: {
    kicker: 'Kanpeki・演習報告書',
    kind: { 'table-top': '机上演習', simulation: '実働演習（シミュレーション）' },
    note: 'これは演習の記録です。実際の事象ではなく、システムへの操作も行っていません。',
    foot: (sha256: string) => `台帳に記録した内容のSHA-256：${sha256}`,
    held: '実施日時',
    by: '進行',
    people: '参加者',
    replies: '回答した設問',
    reply: '回答までの時間（平均・最長）',
    incident: '対応したインシデント',
    acknowledge: '着手まで',
    contain: '封じ込めまで',
    tasks: '完了した作業（うち遅延）',
    told: '連絡した相手（うち遅延）',
    runs: '計画したプレイブック',
    injects: '付与した状況と回答',
    after: (minutes: number) => `開始${minutes}分後`,
    never: '未付与',
    none: '回答なし',
    expect: '望ましい回答',
    summary: '得られた教訓',
    improvements: '改善事項',
    what: '内容',
    owner: '担当',
  },
} as const

/** The dated report of an exercise, in one language. @param sha256 as the ledger has it. */
export function exerciseReportOf(report: ExerciseReport, sha256: string, language: Language): Report {
  const words = WORDS[language]
  const moment = (at: string): string => momentText(Date.parse(at), language)
  const { replies, incident } = report
  return {
    language,
    kicker: `${words.kicker} · ${words.kind[report.kind]}`,
    title: report.title[language],
    made: Date.parse(report.ended),
    foot: words.foot(sha256),
    blocks: [
      { kind: 'note', tone: 'plain', text: words.note },
      {
        kind: 'facts',
        items: [
          { label: words.held, value: `${moment(report.started)} – ${moment(report.ended)}` },
          { label: words.by, value: report.by },
          { label: words.people, value: report.participants.join(', ') || '–' },
          { label: words.replies, value: `${replies.answered} / ${replies.asked}` },
          { label: words.reply, value: `${spanText(replies.mean, language)} · ${spanText(replies.slowest, language)}` },
        ],
      },
      ...(incident === null
        ? []
        : [
            { kind: 'heading' as const, level: 2 as const, text: `${words.incident}: INC-${incident.number}` },
            {
              kind: 'facts' as const,
              items: [
                { label: words.acknowledge, value: spanText(incident.clocks.acknowledge, language) },
                { label: words.contain, value: spanText(incident.clocks.contain, language) },
                { label: words.tasks, value: `${incident.tasks.done} / ${incident.tasks.all} (${incident.tasks.late})` },
                { label: words.told, value: `${incident.messages.told} / ${incident.messages.all} (${incident.messages.late})` },
                { label: words.runs, value: String(incident.runs) },
              ],
            },
          ]),
      ...(report.summary === ''
        ? []
        : [
            { kind: 'heading' as const, level: 2 as const, text: words.summary },
            { kind: 'text' as const, text: report.summary },
          ]),
      ...(report.improvements.length === 0
        ? []
        : [
            { kind: 'heading' as const, level: 2 as const, text: words.improvements },
            {
              kind: 'table' as const,
              columns: [
                { title: words.what, width: 4 },
                { title: words.owner, width: 2 },
              ],
              rows: report.improvements.map(({ title, owner }) => [title, owner]),
            },
          ]),
      { kind: 'heading', level: 2, text: words.injects },
      ...report.injects.flatMap((inject) => injectBlocks(inject, language)),
    ],
  }
}

function injectBlocks(inject: ExerciseReport['injects'][number], language: Language): readonly Block[] {
  const words = WORDS[language]
  const when = inject.shown === null ? words.never : momentText(Date.parse(inject.shown), language)
  return [
    { kind: 'heading', level: 3, text: `${words.after(inject.after)} · ${when}` },
    { kind: 'text', text: inject.text?.[language] ?? '' },
    ...inject.questions.flatMap((question, number): readonly Block[] => {
      const answers = inject.answers.filter((answer) => answer.question === number)
      return [
        { kind: 'text', text: { text: question[language], strong: true } },
        answers.length === 0
          ? { kind: 'text', text: words.none, tone: 'risk' }
          : {
              kind: 'list',
              items: answers.map(({ text, by, at }) => `${text} — ${by}, ${momentText(Date.parse(at), language)}`),
            },
      ]
    }),
    ...(inject.expect === null ? [] : [{ kind: 'text' as const, text: `${words.expect}: ${inject.expect[language]}` }]),
  ]
}
