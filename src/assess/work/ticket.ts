import type { Weighed } from '../inventory/view.ts'

/** Opens a ticket; for the same weakness always the same one. */
export type OpenTicket = (asked: {
  readonly scope: string
  /** What stands for the weakness. */
  readonly about: readonly string[]
  readonly by: string
  readonly title: string
  readonly text: string
  /** 1 is the gravest. */
  readonly severity: number
  /** The connection, where there are several. */
  readonly on?: string
}) => Promise<{ readonly id: string; readonly url: string | null }>

const SEVERITY = { critical: 1, high: 2, medium: 3, low: 4, none: 5 } as const

const WORDS = {
  en: {
    title: (id: string, name: string, asset: string) => `${id}: ${name} on ${asset}`,
    why: 'Why',
    fix: 'Fix',
    none: 'No version is known that mends it.',
    due: 'Due',
    seen: (process: string) => `Seen running in ${process}`,
  },
  ja: {
    title: (id: string, name: string, asset: string) => `${id}：${asset} の ${name}`,
    why: '判断理由',
    fix: '修正版',
    none: '修正済みのバージョンは公開されていません。',
    due: '対応期限',
    seen: (process: string) => `${process} での使用を確認`,
  },
} as const

/** What a ticket says of a weakness, in one language. */
export function ticketOf({ cause, subject, due, summaryJa }: Weighed, language: 'en' | 'ja') {
  const { row, fixed, names } = cause
  const words = WORDS[language]
  const summary = language === 'ja' ? (summaryJa ?? row.summary) : row.summary
  const seen = cause.rows.find((one) => one.seen !== undefined)?.seen
  const lines = [
    ...(summary === '' ? [] : [summary, '']),
    `${row.purl ?? `${row.name} ${row.version ?? ''}`.trim()}`,
    ...(names.length > 1 ? [names.join(', ')] : []),
    `${words.fix}: ${fixed.length === 0 ? words.none : fixed.join(', ')}`,
    ...(due === undefined ? [] : [`${words.due}: ${new Date(due.at).toISOString().slice(0, 10)}`]),
    ...(seen === undefined ? [] : [words.seen(seen.process)]),
    '',
    `${words.why} (${subject.risk.score}/100, SSVC ${subject.risk.decision}):`,
    ...subject.risk.reasons.map((reason) => `- ${reason[language]}`),
  ]
  return {
    title: words.title(row.id, row.name, row.asset),
    text: lines.join('\n'),
    severity: SEVERITY[row.severity ?? 'medium'],
  }
}
