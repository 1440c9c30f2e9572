import type { ReviewItem, Text } from './schema.ts'

type Tone = ReviewItem['tone']

export const BADGE_WORDS: Readonly<Record<string, { readonly word: Text; readonly tone: Tone }>> = {
  draft: { word: { en: 'not earned', ja: '未取得' }, tone: 'gone' },
  held: { word: { en: 'held', ja: '有効' }, tone: 'good' },
  'at-risk': { word: { en: 'at risk', ja: '要注意' }, tone: 'risk' },
  withdrawn: { word: { en: 'withdrawn', ja: '撤回' }, tone: 'bad' },
  expired: { word: { en: 'expired', ja: '失効' }, tone: 'bad' },
}

export const CARD_CHANGES: Readonly<Record<string, Text>> = {
  written: { en: 'written', ja: '作成' },
  signed: { en: 'signed', ja: '署名' },
  'in-force': { en: 'came into force', ja: '発効' },
  missing: { en: 'its file is gone', ja: 'ファイル消失' },
  found: { en: 'its file is back', ja: 'ファイル復帰' },
}

/** Sentences of the review; `{name}` takes a parameter in the same language. */
const SENTENCES = {
  badgeChanged: { en: '{card}: {from} → {to}', ja: '{card}：{from} → {to}' },
  cardChanged: { en: '{card}: {change}', ja: '{card}：{change}' },
  weakened: { en: 'Promises weakened: {count}', ja: '約束が弱まった箇所：{count}' },
  by: { en: 'by {name}', ja: '実施者：{name}' },
  objectiveUnmet: { en: '{title}: {figure}, promised {target}', ja: '{title}：実測{figure}、約束は{target}' },
  objectiveUnproven: { en: '{title}: not proven', ja: '{title}：証明できていません' },
  ofCard: { en: '{card}', ja: '{card}' },
  because: { en: '{card}: {why}', ja: '{card}：{why}' },
  withdrawsAt: { en: '{card}: the badge goes on {at} unless it is met before', ja: '{card}：このままでは{at}に印が撤回されます' },
  expires: { en: '{card} ends in {days} days', ja: '{card}の有効期間は残り{days}日です' },
  expired: { en: '{card} has ended', ja: '{card}の有効期間が終わっています' },
  expiryDetail: { en: 'Renew it with a new version, or let it end.', ja: '新しい版で更新するか、終了させるかを決めます。' },
  reviewDue: { en: 'The review of {card} is due on {at}', ja: '{card}の見直し期日は{at}です' },
  reviewDetail: {
    en: 'Read the card: are scope, threats and targets still right?',
    ja: '範囲・脅威・目標が今も正しいか、宣言を読み直します。',
  },
  riskEnds: { en: 'Accepted risk: {title}', ja: '承認済みの残存リスク：{title}' },
  riskUntil: { en: '{card}: accepted by {name} until {at}', ja: '{card}：{name}が{at}まで承認' },
  riskLapsed: { en: '{card}: the acceptance by {name} ended on {at}', ja: '{card}：{name}の承認は{at}に切れました' },
  exceptionEnds: { en: 'Exception for “{title}” ends on {at}', ja: '「{title}」の例外は{at}に切れます' },
  exceptionDetail: {
    en: 'It has hidden {count} detections; kept by {name}.',
    ja: 'これまでに{count}件の検知を隠しています（担当：{name}）。',
  },
  silent: { en: '{title} has gone silent', ja: '{title}からデータが届いていません' },
  silentDetail: { en: 'Last event {at}', ja: '最後のイベント：{at}' },
  pendingCard: { en: '{card} {version} waits for signatures', ja: '{card} {version}版が署名待ちです' },
  pendingDetail: { en: 'Written by {name}; lacks {count}', ja: '作成：{name}、不足{count}名' },
  pendingException: { en: 'An exception for “{title}” waits for approval', ja: '「{title}」の例外が承認待ちです' },
  pendingExceptionDetail: { en: 'Asked for by {name}', ja: '申請：{name}' },
  unmetDecide: {
    en: '{title} was missed: mend it, or change the promise?',
    ja: '{title}が未達です。直すか、約束を見直すかを決めます。',
  },
} as const satisfies Record<string, Text>

export type SentenceId = keyof typeof SENTENCES

/** A sentence in both languages. */
export function say(id: SentenceId, params: Readonly<Record<string, Text>> = {}): Text {
  const fill = (language: 'en' | 'ja') =>
    SENTENCES[id][language].replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name]?.[language] ?? '')
  return { en: fill('en'), ja: fill('ja') }
}

export function plain(text: string): Text {
  return { en: text, ja: text }
}
