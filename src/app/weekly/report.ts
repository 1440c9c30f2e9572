import type { Block, Inline, Language, Report } from '../../platform/report/model.ts'
import { dateText, dayText, momentText } from '../../platform/report/words.ts'
import type { ChangeGroup, ReviewItem, ReviewView } from './schema.ts'

interface Words {
  readonly kicker: string
  readonly title: (week: string, from: string, to: string) => string
  readonly foot: (scope: string) => string
  readonly h: Readonly<Record<'changed' | 'atRisk' | 'toDecide' | 'decisions' | 'figures', string>>
  readonly figures: Readonly<Record<ReviewView['figures'][number]['id'], string>>
  readonly before: (count: number) => string
  readonly groups: Readonly<Record<ChangeGroup['kind'], string>>
  readonly choices: Readonly<Record<'act' | 'accept' | 'postpone', string>>
  readonly cols: Readonly<Record<'what' | 'when' | 'proof' | 'decision' | 'why' | 'owner' | 'count', string>>
  readonly none: Readonly<Record<'changed' | 'atRisk' | 'toDecide', string>>
  readonly entry: (index: number) => string
  readonly more: (count: number) => string
  readonly held: (by: string, at: string) => string
  readonly notHeld: string
  readonly past: string
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    kicker: 'Kanpeki · weekly review, ten minutes',
    title: (week, from, to) => `Week ${week.slice(6)} of ${week.slice(0, 4)}: ${from} – ${to}`,
    foot: (scope) => `Weekly review of the scope “${scope}”. Each line names the entry of the ledger that it stands on.`,
    h: { changed: 'What changed', atRisk: 'At risk', toDecide: 'To decide', decisions: 'Decided', figures: 'At a glance' },
    figures: { badges: 'Badges held', objectives: 'Objectives met', alerts: 'Alerts raised', waiting: 'Waiting for approval' },
    before: (count) => `${count} the week before`,
    groups: {
      card: 'Declarations',
      rule: 'Rules',
      source: 'Sources',
      exception: 'Exceptions',
      access: 'People and access',
      setting: 'Settings',
    },
    choices: { act: 'Act', accept: 'Accept', postpone: 'Postpone' },
    cols: { what: 'What', when: 'By', proof: 'Proof', decision: 'Decision', why: 'Why', owner: 'Who, until', count: 'Changes' },
    none: { changed: 'Nothing was changed this week.', atRisk: 'Nothing is at risk.', toDecide: 'Nothing waits for a decision.' },
    entry: (index) => `entry ${index}`,
    more: (count) => `and ${count} more`,
    held: (by, at) => `Held by ${by} on ${at}.`,
    notHeld: 'This review has not been held yet.',
    past: 'This week is over and its review was not held: what was at risk then is not known any more.',
  },
  ja: {
    kicker: 'Kanpeki・週次レビュー（10分）',
    title: (week, from, to) => `${week.slice(0, 4)}年第${Number(week.slice(6))}週：${from}〜${to}`,
    foot: (scope) => `スコープ「${scope}」の週次レビュー。各行に、根拠となる台帳の記録番号を示しています。`,
    h: { changed: '変わったこと', atRisk: '危ういこと', toDecide: '決めること', decisions: '決定事項', figures: '概況' },
    figures: { badges: '有効な印', objectives: '達成した目標', alerts: '発生したアラート', waiting: '承認待ち' },
    before: (count) => `前週は${count}件`,
    groups: { card: '宣言', rule: 'ルール', source: '収集元', exception: '例外', access: '人とアクセス権', setting: '設定' },
    choices: { act: '対処する', accept: '受け入れる', postpone: '先送りする' },
    cols: { what: '内容', when: '期日', proof: '根拠', decision: '決定', why: '理由', owner: '担当・期限', count: '変更数' },
    none: { changed: '今週の変更はありません。', atRisk: '危ういものはありません。', toDecide: '決めることはありません。' },
    entry: (index) => `記録${index}番`,
    more: (count) => `ほか${count}件`,
    held: (by, at) => `${at}に${by}が実施しました。`,
    notHeld: 'このレビューはまだ実施されていません。',
    past: 'この週のレビューは実施されずに終わりました。当時何が危うかったかは、今からは分かりません。',
  },
}

/** The review on paper, for whoever does not open the console. @param origin the console's address, without a trailing slash. */
export function reviewReport(view: ReviewView, language: Language, origin: string): Report {
  const words = WORDS[language]
  const held = view.held
  return {
    language,
    kicker: words.kicker,
    title: words.title(view.week, dateText(view.days.first, language), dateText(view.days.last, language)),
    made: Date.parse(view.computed),
    foot: words.foot(view.scope),
    blocks: [
      held === null
        ? { kind: 'note', tone: view.current ? 'plain' : 'risk', text: view.current ? words.notHeld : words.past }
        : {
            kind: 'note',
            tone: 'good',
            text: `${words.held(held.by, momentText(Date.parse(held.at), language))}${held.note === '' ? '' : ` ${held.note}`}`,
          },
      {
        kind: 'facts',
        items: view.figures.map(({ id, value, of, before, tone }) => ({
          label: words.figures[id],
          value: [
            { text: of === null ? String(value) : `${value} / ${of}`, strong: true, tone },
            ...(before === null ? [] : [`  (${words.before(before)})`]),
          ],
        })),
      },
      { kind: 'heading', level: 2, text: words.h.changed },
      ...changedBlocks(view.changed, words, language, origin),
      { kind: 'heading', level: 2, text: words.h.atRisk },
      ...itemBlocks(view.atRisk, words, words.none.atRisk, language, origin),
      { kind: 'heading', level: 2, text: words.h.toDecide },
      ...itemBlocks(view.toDecide, words, words.none.toDecide, language, origin),
      ...decisionBlocks(view, words, language, origin),
    ],
  }
}

function changedBlocks(groups: readonly ChangeGroup[], words: Words, language: Language, origin: string): readonly Block[] {
  if (groups.length === 0) return [{ kind: 'text', text: words.none.changed }]
  return [
    {
      kind: 'chart',
      title: words.cols.count,
      chart: { kind: 'bars', bars: groups.map(({ kind, count }) => ({ label: words.groups[kind], value: count })) },
    },
    ...groups.flatMap(({ kind, count, atLeast, items }): readonly Block[] => [
      { kind: 'heading', level: 3, text: `${words.groups[kind]} (${count}${atLeast ? '+' : ''})` },
      {
        kind: 'list',
        items: [
          ...items.map(
            (item): Inline => [
              { text: item.title[language], tone: item.tone },
              ...(item.detail === null ? [] : [` ${item.detail[language]}`]),
              ...(item.entry === null ? [] : ['  ', { text: words.entry(item.entry), href: `${origin}${item.href}` }]),
            ],
          ),
          ...(count > items.length ? [words.more(count - items.length)] : []),
        ],
      },
    ]),
  ]
}

function itemBlocks(
  items: readonly ReviewItem[],
  words: Words,
  none: string,
  language: Language,
  origin: string,
): readonly Block[] {
  if (items.length === 0) return [{ kind: 'text', text: none, tone: 'good' }]
  return [
    {
      kind: 'table',
      columns: [
        { title: words.cols.what, width: 7 },
        { title: words.cols.when, width: 2 },
        { title: words.cols.proof, width: 1.6 },
      ],
      rows: items.map((item): readonly Inline[] => [
        { text: `${item.title[language]}${item.detail === null ? '' : `\n${item.detail[language]}`}`, tone: item.tone },
        item.at === null ? '' : dayText(Date.parse(item.at), language),
        item.entry === null ? '' : { text: words.entry(item.entry), href: `${origin}/evidence?entry=${item.entry}` },
      ]),
    },
  ]
}

function decisionBlocks({ decisions }: ReviewView, words: Words, language: Language, origin: string): readonly Block[] {
  if (decisions.length === 0) return []
  return [
    { kind: 'heading', level: 2, text: words.h.decisions },
    {
      kind: 'table',
      columns: [
        { title: words.cols.what, width: 4 },
        { title: words.cols.decision, width: 1.6 },
        { title: words.cols.why, width: 3.4 },
        { title: words.cols.owner, width: 2 },
        { title: words.cols.proof, width: 1.5 },
      ],
      rows: decisions.map(({ title, choice, note, owner, due, by, entry }): readonly Inline[] => [
        title[language],
        words.choices[choice],
        note,
        [owner === '' ? by : owner, due ?? ''].filter((part) => part !== '').join(', '),
        entry === null ? '' : { text: words.entry(entry), href: `${origin}/evidence?entry=${entry}` },
      ]),
    },
  ]
}
