import type { Severity } from '../../kernel/detection.ts'
import type { Notice } from './schema.ts'

export interface MailText {
  readonly subject: string
  readonly text: string
  readonly attachments?: readonly MailAttachment[]
}

export interface MailAttachment {
  readonly filename: string
  readonly content: Uint8Array
  readonly contentType: string
}

interface Words {
  readonly severity: Readonly<Record<Severity, string>>
  readonly subjectMany: (count: number, gravest: string) => string
  readonly test: string
  readonly testText: string
  readonly escalated: string
  readonly intro: (count: number) => string
  readonly line: (notice: Notice['data'], when: string) => readonly string[]
  readonly more: (count: number) => string
  readonly foot: string
}

const WORDS: Readonly<Record<'en' | 'ja', Words>> = {
  en: {
    severity: { 1: 'critical', 2: 'high', 3: 'medium', 4: 'low', 5: 'informational' },
    subjectMany: (count, gravest) => `${count} alerts, the gravest ${gravest}`,
    test: 'Test message from Kanpeki',
    testText: 'This is a test. If you read it, alerts will arrive here.',
    escalated: 'Escalated',
    intro: (count) => (count === 1 ? 'An alert was raised.' : `${count} alerts were raised.`),
    line: ({ entity, count, techniques }, when) => [
      `About:  ${entity.name}`,
      `Seen:   ${when}${count > 1 ? `, ${count} times` : ''}`,
      ...(techniques.length === 0 ? [] : [`ATT&CK: ${techniques.join(', ')}`]),
    ],
    more: (count) => `… and ${count} more in the queue.`,
    foot: 'Details are in the console only; this mail holds nothing of the events themselves.',
  },
  ja: {
    severity: { 1: '重大', 2: '高', 3: '中', 4: '低', 5: '情報' },
    subjectMany: (count, gravest) => `アラート${count}件（最高${gravest}）`,
    test: 'Kanpeki からのテスト通知',
    testText: 'これはテスト通知です。このメールが届いていれば、アラートもここに届きます。',
    escalated: 'エスカレーション',
    intro: (count) => (count === 1 ? 'アラートが発生しました。' : `アラートが${count}件発生しました。`),
    line: ({ entity, count, techniques }, when) => [
      `対象：　${entity.name}`,
      `観測：　${when}${count > 1 ? `（${count}回）` : ''}`,
      ...(techniques.length === 0 ? [] : [`ATT&CK：${techniques.join('、')}`]),
    ],
    more: (count) => `ほか${count}件がトリアージの待ち行列にあります。`,
    foot: '詳細はコンソールで確認してください。このメールにイベントの内容は含まれていません。',
  },
}

const MOST_LISTED = 20

/**
 * One mail for one or several notices, gravest first. Names come from events, so that control signs in them become spaces.
 * @param origin the console's address, without a trailing slash.
 */
export function mailText(notices: readonly Notice[], language: 'en' | 'ja', origin: string): MailText {
  const words = WORDS[language]
  const alerts = notices.filter(({ type }) => type !== 'test').toSorted((a, b) => a.data.severity - b.data.severity)
  const [first] = alerts
  if (first === undefined) return { subject: words.test, text: `${words.testText}\n` }
  const title = ({ title, titleJa }: Notice['data']): string => plain(language === 'ja' ? titleJa : title)
  const grade = (severity: Severity): string => `P${severity} ${words.severity[severity]}`
  const subject =
    alerts.length === 1
      ? `[${grade(first.data.severity)}] ${title(first.data)}: ${plain(first.data.entity.name)}`
      : words.subjectMany(alerts.length, grade(first.data.severity))
  const blocks = alerts
    .slice(0, MOST_LISTED)
    .map(({ type, data }) =>
      [
        `[${grade(data.severity)}] ${type === 'alert.escalated' ? `${words.escalated}: ` : ''}${title(data)}`,
        ...words.line({ ...data, entity: { ...data.entity, name: plain(data.entity.name) } }, clock(data.lastObserved)),
        `${origin}${data.url}`,
      ].join('\n'),
    )
  const rest = alerts.length - blocks.length
  return {
    subject: subject.length > 180 ? `${subject.slice(0, 179)}…` : subject,
    text: [words.intro(alerts.length), ...blocks, ...(rest > 0 ? [words.more(rest)] : []), words.foot, ''].join('\n\n'),
  }
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant.
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, 300)
}

/** `2026-11-22 05:00:00 UTC` */
function clock(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')} UTC`
}
