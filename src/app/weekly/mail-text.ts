import type { ReviewItem, ReviewView } from './schema.ts'

const MOST_LINES = 8

interface Words {
  readonly subject: (week: string, decide: number, risk: number) => string
  readonly changed: string
  readonly groups: Readonly<Record<string, string>>
  readonly atRisk: string
  readonly toDecide: string
  readonly nothing: string
  readonly more: (count: number) => string
  readonly open: string
  readonly why: string
}

const WORDS: Readonly<Record<'en' | 'ja', Words>> = {
  en: {
    subject: (week, decide, risk) => `Weekly review ${week}: ${decide} to decide, ${risk} at risk`,
    changed: 'What changed',
    groups: {
      card: 'Declarations',
      rule: 'Rules',
      source: 'Sources',
      exception: 'Exceptions',
      access: 'People and access',
      setting: 'Settings',
    },
    atRisk: 'At risk',
    toDecide: 'To decide',
    nothing: '  nothing',
    more: (count) => `  … and ${count} more`,
    open: 'The ten minutes:',
    why: 'You asked for this mail on the Review page, where it can be switched off. The whole review is attached as a PDF.',
  },
  ja: {
    subject: (week, decide, risk) => `週次レビュー ${week}：決めること${decide}件、危ういこと${risk}件`,
    changed: '変わったこと',
    groups: { card: '宣言', rule: 'ルール', source: '収集元', exception: '例外', access: '人とアクセス権', setting: '設定' },
    atRisk: '危ういこと',
    toDecide: '決めること',
    nothing: '　ありません',
    more: (count) => `　ほか${count}件`,
    open: '10分のレビューはこちら：',
    why: 'このメールは、レビューのページでの設定に従って送られています（同じ場所で停止できます）。レビューの全文をPDFで添付しました。',
  },
}

/** The review as plain text: what to decide first, since that is what a person opens it for. */
export function reviewMailText(view: ReviewView, language: 'en' | 'ja', origin: string): { subject: string; text: string } {
  const words = WORDS[language]
  const lines = (items: readonly ReviewItem[]): readonly string[] =>
    items.length === 0
      ? [words.nothing]
      : [
          ...items.slice(0, MOST_LINES).map((item) => `  - ${oneLine(item.title[language])}`),
          ...(items.length > MOST_LINES ? [words.more(items.length - MOST_LINES)] : []),
        ]
  const changed = view.changed.map(({ kind, count, atLeast }) => `  - ${words.groups[kind]}: ${count}${atLeast ? '+' : ''}`)
  const text = [
    words.toDecide,
    ...lines(view.toDecide),
    '',
    words.atRisk,
    ...lines(view.atRisk),
    '',
    words.changed,
    ...(changed.length === 0 ? [words.nothing] : changed),
    '',
    words.open,
    `${origin}/review?scope=${encodeURIComponent(view.scope)}`,
    '',
    words.why,
  ]
  return { subject: words.subject(view.week, view.toDecide.length, view.atRisk.length), text: `${text.join('\n')}\n` }
}

/** Titles come from cards and rules: none may begin a line of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}
