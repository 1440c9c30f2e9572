import { IntlMessageFormat } from 'intl-messageformat'
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import type { Bilingual, Reason } from './schema.ts'

/**
 * Every sentence this room says of a card, as whole ICU messages. A parameter may itself be bilingual (`{en, ja}`): a
 * title, a figure; each language takes its own.
 */
const MESSAGES = {
  forbidden: {
    en: '{title}: {count, plural, one {# event} other {# events}} within {window}. Not one is allowed.',
    ja: '{title}：{window}以内に{count, number}件ありました。1件も認められません。',
  },
  unmet: {
    en: '{title} stood at {figure}; this card promises {target}.',
    ja: '{title}は{figure}でした。この宣言の約束は{target}です。',
  },
  'unmet-for': {
    en: '{title} has missed its target for {span}: it stands at {figure}; this card promises {target}.',
    ja: '{title}は{span}のあいだ目標を満たしていません。現在は{figure}で、この宣言の約束は{target}です。',
  },
  'unproven-for': {
    en: '{title} has not been shown to be met for {span}; this card promises {target}.',
    ja: '{title}は{span}のあいだ達成を示せていません。この宣言の約束は{target}です。',
  },
  below: {
    en: '{title} fell to {figure}; below {limit} the badge is withdrawn.',
    ja: '{title}が{figure}に下がりました。{limit}を下回ると印は撤回されます。',
  },
  coverage: {
    en: '{title}: only {figure} of what it counts is known, {count, plural, one {# item is} other {# items are}} not; below {limit} the badge is withdrawn.',
    ja: '{title}：判明しているのは対象の{figure}だけで、{count, number}件が不明です。{limit}を下回ると印は撤回されます。',
  },
  'no-reading': {
    en: '{title} has not been measured.',
    ja: '{title}はまだ計測されていません。',
  },
  'no-value': {
    en: '{title} could not be measured.',
    ja: '{title}を計測できませんでした。',
  },
  stale: {
    en: 'The evidence for {title} dates from {at}; this card accepts nothing older than {limit}.',
    ja: '{title}の証拠は{at}のものです。この宣言は{limit}より古い証拠を認めません。',
  },
  future: {
    en: 'The evidence for {title} bears a time that has not come yet ({at}).',
    ja: '{title}の証拠の時刻が未来になっています（{at}）。',
  },
  close: {
    en: '{title} is close to its limit: {figure}, where {target} is promised.',
    ja: '{title}が限度に近づいています。現在{figure}、約束は{target}です。',
  },
  'unverified-change': {
    en: 'The card was changed to version {version} and lacks {count, plural, one {# signature} other {# signatures}}.',
    ja: '宣言が{version}版に変更され、署名が{count, number}名分足りません。',
  },
  'declaration-missing': {
    en: 'The file of this declaration is gone or can no longer be read.',
    ja: 'この宣言のファイルがなくなったか、読めなくなっています。',
  },
  expired: {
    en: 'The declaration was valid until {until}.',
    ja: 'この宣言の有効期限は{until}まででした。',
  },
  'evaluation-fault': {
    en: 'This declaration could not be judged: {detail}',
    ja: 'この宣言を判定できませんでした：{detail}',
  },
  'risk-lapsed': {
    en: 'The acceptance of a residual risk by {approver} ended on {until}: {title}',
    ja: '{approver}による残存リスクの承認が{until}で切れました：{title}',
  },
  'not-yet-valid': {
    en: 'The declaration is valid from {from}.',
    ja: 'この宣言は{from}から有効です。',
  },
  'not-signed': {
    en: '{given, number} of {required, plural, one {# signature} other {# signatures}}.',
    ja: '署名 {given, number}/{required, number}名。',
  },
  'not-yet-met': {
    en: '{count, plural, one {# objective is} other {# objectives are}} not met yet.',
    ja: '未達成の目標が{count, number}件あります。',
  },
  // ── Triggers, armed ──
  'trigger-unmet': {
    en: '{periods, plural, =0 {An objective is missed} one {An objective is missed for # period of {span}} other {An objective is missed for # periods of {span}}}',
    ja: '{periods, plural, =0 {目標を外したとき} other {目標を#期連続（1期={span}）で外したとき}}',
  },
  'trigger-unmet-one': {
    en: '{periods, plural, =0 {{title} is missed} one {{title} is missed for # period of {span}} other {{title} is missed for # periods of {span}}}',
    ja: '{periods, plural, =0 {{title}が目標を外したとき} other {{title}が目標を#期連続（1期={span}）で外したとき}}',
  },
  'trigger-below': {
    en: '{title} falls below {limit}',
    ja: '{title}が{limit}を下回ったとき',
  },
  'trigger-coverage': {
    en: 'Of what an objective counts, less than {limit} is known',
    ja: '目標の対象のうち、判明している割合が{limit}を下回ったとき',
  },
  'trigger-coverage-one': {
    en: 'Of what {title} counts, less than {limit} is known',
    ja: '{title}の対象のうち、判明している割合が{limit}を下回ったとき',
  },
  'trigger-unverified-change': {
    en: 'The card changes without signatures',
    ja: '署名なしで宣言が変更されたとき',
  },
  'trigger-stale': {
    en: 'Evidence is missing or too old for {span}',
    ja: '証拠の欠落や期限切れが{span}続いたとき',
  },
  'trigger-stale-one': {
    en: 'Evidence for {title} is missing or too old for {span}',
    ja: '{title}の証拠の欠落や期限切れが{span}続いたとき',
  },
  'trigger-stale-now': {
    en: 'Evidence is missing or too old',
    ja: '証拠が欠けたとき、または古くなったとき',
  },
  'trigger-stale-one-now': {
    en: 'Evidence for {title} is missing or too old',
    ja: '{title}の証拠が欠けたとき、または古くなったとき',
  },
  'trigger-expiry': {
    en: 'The validity ends on {until}',
    ja: '有効期限（{until}）が来たとき',
  },
  'trigger-forbidden': {
    en: 'Forbidden: {title}',
    ja: '禁止事項の発生：{title}',
  },
  // ── The way (back) to the badge ──
  'step-met': {
    en: '{title}: {target}',
    ja: '{title}：{target}',
  },
  'step-evidence': {
    en: 'Valid evidence for {title}',
    ja: '{title}の有効な証拠',
  },
  'step-met-for': {
    en: 'Every objective met for {span} without a break ({elapsed} so far)',
    ja: 'すべての目標を{span}途切れず達成（現在{elapsed}）',
  },
  'step-sign': {
    en: '{required, plural, one {# person signs} other {# people sign}} the card ({given, number} so far)',
    ja: '{required, number}名が宣言に署名（現在{given, number}名）',
  },
  'step-sign-again': {
    en: '{required, plural, one {# person signs} other {# people sign}} the card again ({given, number} so far)',
    ja: '{required, number}名が宣言に改めて署名（現在{given, number}名）',
  },
  'step-restore': {
    en: 'The declaration can be read again',
    ja: '宣言が再び読めるようになる',
  },
  'step-renew': {
    en: 'A new version with a new validity',
    ja: '新しい有効期間をもつ新版',
  },
  'step-risk': {
    en: 'A new version that settles the residual risk: {title}',
    ja: '残存リスクを扱い直した新版：{title}',
  },
  'step-begin': {
    en: 'The validity begins on {from}',
    ja: '有効期間の開始（{from}）',
  },
  // ── Where it is going ──
  'forecast-lost': {
    en: 'At this rate the objective is lost on {when}.',
    ja: 'この傾向が続くと、{when}に目標を外れます。',
  },
  'forecast-regained': {
    en: 'At this rate it is met again on {when}.',
    ja: 'この傾向が続けば、{when}に目標へ戻ります。',
  },
  'forecast-withdrawn': {
    en: 'Unless it is met before, the badge is withdrawn on {when}.',
    ja: '{when}までに満たさなければ、印は撤回されます。',
  },
  'forecast-stale': {
    en: 'Without newer evidence it is unproven from {when}.',
    ja: '新しい証拠が届かなければ、{when}から未実証になります。',
  },
  // ── Evidence ──
  'missing-no-reading': { en: 'Not measured yet', ja: '未計測' },
  'missing-no-value': { en: 'Nothing to measure: {detail}', ja: '計測できません：{detail}' },
  'missing-stale': { en: 'Evidence too old: {age}, at most {limit}', ja: '証拠が古すぎます：{age}前（{limit}まで）' },
  'missing-future': { en: 'Evidence from the future: {at}', ja: '証拠の時刻が未来です：{at}' },
  'measure-failed': { en: 'The measure failed: {detail}', ja: '計測に失敗しました：{detail}' },
  'measure-missing': { en: 'No measure {measure} is running', ja: '計測項目 {measure} が動いていません' },
  'measure-late': { en: 'The measure did not answer in {span}', ja: '計測が{span}以内に終わりませんでした' },
  'measure-silent': { en: 'The measure gave no figure and no reason', ja: '計測値も理由も得られませんでした' },
  // ── Measures of this room ──
  'no-events': { en: 'No event at all arrived in the window', ja: '対象期間にイベントが1件も届いていません' },
  'series-absent': {
    en: 'There is no external series {series}',
    ja: '外部の計測系列 {series} がありません',
  },
  'series-empty': {
    en: 'The external series {series} got no figure in the window',
    ja: '外部の計測系列 {series} に、対象期間の値が届いていません',
  },
  'series-unit': {
    en: 'The series {series} has another unit: name the measure {measure}',
    ja: '計測系列 {series} の単位が異なります。計測名を {measure} にしてください',
  },
  // ── Differences ──
  'change-added': { en: '{what} was added', ja: '{what}を追加' },
  'change-removed': { en: '{what} was removed', ja: '{what}を削除' },
  'change-changed': { en: '{what}: {before} → {after}', ja: '{what}：{before} → {after}' },
} as const satisfies Record<string, Bilingual>

export type MessageCode = keyof typeof MESSAGES
export const MESSAGE_CODES = Object.keys(MESSAGES) as readonly MessageCode[]

/** A sentence not yet said. */
export interface Fact {
  readonly code: MessageCode
  readonly params: JsonObject
}

const compiled = new Map<string, IntlMessageFormat>()

function format(code: MessageCode, language: 'en' | 'ja', params: JsonObject): string {
  const key = `${language} ${code}`
  const known = compiled.get(key)
  // Titles come from cards: the message's own tags are not markup, so `<` in a parameter is harmless.
  const message = known ?? new IntlMessageFormat(MESSAGES[code][language], language, undefined, { ignoreTag: true })
  if (known === undefined) compiled.set(key, message)
  const values = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, inLanguage(value, language)]))
  return String(message.format(values))
}

function inLanguage(value: JsonValue, language: 'en' | 'ja'): string | number {
  if (isJsonObject(value)) return inLanguage(value[language] ?? '', language)
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value)
}

/** A fact written by another version of Kanpeki may have a code that this one does not know: then the code is all there is. */
export function say(fact: Fact): Bilingual {
  if (!Object.hasOwn(MESSAGES, fact.code)) return { en: fact.code, ja: fact.code }
  return { en: format(fact.code, 'en', fact.params), ja: format(fact.code, 'ja', fact.params) }
}

export function reasonOf(fact: Fact): Reason {
  return { code: fact.code, params: { ...fact.params }, text: say(fact) }
}
