import type { Bilingual } from '../schema.ts'

/** What is said of a ground, in both languages. */
export const words = {
  undeclared: (names: readonly string[]): Bilingual => ({
    en: `No card declares an objective over ${names.join(', ')}.`,
    ja: `${names.join('、')}を目標に掲げた宣言がありません。`,
  }),
  unproven: (): Bilingual => ({ en: 'Its evidence is missing or too old.', ja: '証拠がないか、古くなっています。' }),
  unmet: (): Bilingual => ({ en: 'The objective is not met.', ja: '目標に届いていません。' }),
  expired: (): Bilingual => ({ en: 'The card has expired.', ja: '宣言の有効期限が切れています。' }),
  unsigned: (): Bilingual => ({ en: 'The card is not signed.', ja: '宣言に署名がそろっていません。' }),
  nearTarget: (): Bilingual => ({ en: 'Met, but close to its target.', ja: '達成していますが、目標値に近づいています。' }),
  badgeNotHeld: (): Bilingual => ({ en: 'A badge is not held at present.', ja: '保持できていないバッジがあります。' }),
  seen: (): Bilingual => ({ en: 'executed, seen', ja: '実行し、検知' }),
  missed: (): Bilingual => ({ en: 'executed, missed', ja: '実行し、見逃し' }),
  notExecuted: (): Bilingual => ({ en: 'not executed', ja: '未実行' }),
  missedWhy: (): Bilingual => ({
    en: 'The attack was executed and not seen.',
    ja: '攻撃を実行しましたが、検知されませんでした。',
  }),
  notExecutedWhy: (): Bilingual => ({
    en: 'Not executed within a week: nobody knows whether it would be seen.',
    ja: 'この1週間に実行されておらず、検知できるか分かりません。',
  }),
  unanswered: (): Bilingual => ({ en: 'This could not be asked.', ja: '確認できませんでした。' }),
  noSignedCard: (): Bilingual => ({ en: 'No card is signed and in force.', ja: '署名済みで有効な宣言がありません。' }),
  signedCards: (signed: number, all: number, held: number): Bilingual => ({
    en: `${signed} of ${all} cards signed, ${held} badges held`,
    ja: `宣言${all}件中${signed}件が署名済み、バッジ保持${held}件`,
  }),
  risks: (count: number, overdue: number): Bilingual => ({
    en: `${count} risks accepted, ${overdue} overdue`,
    ja: `受容したリスク${count}件、期限切れ${overdue}件`,
  }),
  risksOverdue: (): Bilingual => ({ en: 'An accepted risk is past its date.', ja: '期限の過ぎた受容リスクがあります。' }),
  reviews: (cards: number, overdue: number): Bilingual => ({
    en: `${cards} cards, ${overdue} reviews overdue`,
    ja: `宣言${cards}件、見直しの遅れ${overdue}件`,
  }),
  reviewsOverdue: (): Bilingual => ({ en: 'A review is overdue.', ja: '見直しの期限が過ぎた宣言があります。' }),
}
