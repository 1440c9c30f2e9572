import { isJsonObject } from '../../kernel/json.ts'
import type { Block, Inline, StripChart } from '../../platform/report/model.ts'
import { momentText } from '../../platform/report/words.ts'
import type { Material } from './material.ts'
import { type Found, listIn, numberIn, objectIn, textIn, timeIn, whoIn, wordsIn } from './read.ts'
import { figureOf, objectiveTitle, stateWord, targetOf } from './say-entry.ts'
import { CARD_CHANGES, SENTENCES, STATE_WORDS } from './words.ts'

const MOST_CHANGES = 100
const MOST_POINTS = 200

/** A declaration: how it stands, its figures over time, what became of its badge, who wrote and signed it. */
export function cardBlocks(material: Material, card: string): readonly Block[] {
  const { entries, titles, language } = material
  const words = SENTENCES[language]
  const own = entries.filter(({ body }) => textIn(body, 'card') === card)
  const badges = own.filter(({ type }) => type === 'badge')
  const written = own.filter(({ type }) => type === 'card')
  const measures = own.filter(({ type }) => type === 'measure')
  const document = written.map(({ body }) => body['document']).findLast(isJsonObject)
  const last = badges.at(-1)
  const state = last === undefined ? undefined : textIn(last.body, 'to')
  return [
    { kind: 'heading', level: 2, text: titles.get(card) ?? card },
    ...(state === undefined ? [] : [stateNote(material, last!, state)]),
    ...(document === undefined
      ? [{ kind: 'text', text: words.noDeclaration, tone: 'gone' } as const]
      : [
          { kind: 'text', text: wordsIn(objectIn(document, 'scope'), 'description', language) ?? '' } as const,
          {
            kind: 'facts',
            items: [
              { label: words.f.version, value: textIn(document, 'version') ?? '' },
              { label: words.f.owner, value: textIn(document, 'owner') ?? '' },
            ],
          } as const,
        ]),
    ...objectiveBlocks(material, measures),
    ...badgeBlocks(material, card, badges),
    ...(written.length === 0
      ? []
      : [
          { kind: 'heading', level: 3, text: words.h.declaration } as const,
          {
            kind: 'table',
            columns: [
              { title: words.f.when, width: 2.4 },
              { title: words.f.change, width: 2 },
              { title: words.f.version, width: 2 },
              { title: words.f.who, width: 3 },
              { title: words.f.entry, width: 1, align: 'right' },
            ],
            rows: written.slice(-MOST_CHANGES).map((entry): readonly Inline[] => {
              const change = textIn(entry.body, 'change') ?? ''
              const version = textIn(entry.body, 'version') ?? textIn(objectIn(entry.body, 'document'), 'version')
              return [
                momentText(entry.at, language),
                CARD_CHANGES[change]?.[language] ?? change,
                version ?? '',
                whoIn(entry.body) ?? '',
                String(entry.index),
              ]
            }),
          } as const,
        ]),
  ]
}

function stateNote({ language }: Material, badge: Found, state: string): Block {
  const { f } = SENTENCES[language]
  const reasons = reasonsOf(badge, language)
  const since = timeIn(badge.body, 'since')
  const text = [
    `${f.state}: ${stateWord(state, language)}`,
    ...(since === undefined ? [] : [`${f.since}: ${momentText(since, language)}`]),
    ...reasons,
  ].join(language === 'ja' ? '　' : '  ')
  return { kind: 'note', tone: STATE_WORDS[state]?.tone ?? 'plain', text }
}

function reasonsOf({ body }: Found, language: 'en' | 'ja'): readonly string[] {
  return listIn(body, 'reasons').flatMap((reason) => (isJsonObject(reason) ? (wordsIn(reason, 'text', language) ?? []) : []))
}

/** The newest figure of each objective with its entry, and each one's course where there is one. */
function objectiveBlocks({ figures, titles, language }: Material, measures: readonly Found[]): readonly Block[] {
  if (measures.length === 0) return []
  const words = SENTENCES[language]
  const groups = [...Map.groupBy(measures, ({ body }) => textIn(body, 'objective') ?? '').values()]
  return [
    { kind: 'heading', level: 3, text: words.h.objectives },
    {
      kind: 'table',
      columns: [
        { title: words.f.objective, width: 5 },
        { title: words.f.value, width: 2, align: 'right' },
        { title: words.f.target, width: 2, align: 'right' },
        { title: words.f.state, width: 1.6 },
        { title: words.f.measured, width: 2.6 },
        { title: words.f.entry, width: 1, align: 'right' },
      ],
      rows: groups.map((group): readonly Inline[] => {
        const entry = group.at(-1)!
        const state = textIn(entry.body, 'state')
        return [
          objectiveTitle(entry, titles),
          figureOf(entry, figures, language),
          targetOf(entry, figures, language),
          { text: stateWord(state, language), tone: STATE_WORDS[state ?? '']?.tone ?? 'plain' },
          momentText(Date.parse(entry.observed), language),
          String(entry.index),
        ]
      }),
    },
    ...groups
      .filter((group) => group.filter(({ body }) => numberIn(body, 'value') !== undefined).length > 1)
      .map((group): Block => {
        const entry = group.at(-1)!
        const target = numberIn(entry.body, 'target')
        const unit = textIn(entry.body, 'unit') ?? 'count'
        return {
          kind: 'chart',
          title: words.overTime(objectiveTitle(entry, titles)),
          chart: {
            kind: 'line',
            points: group.slice(-MOST_POINTS).map(({ observed, body }) => ({
              at: Date.parse(observed),
              value: numberIn(body, 'value') ?? null,
              tone: STATE_WORDS[textIn(body, 'state') ?? '']?.tone ?? 'plain',
            })),
            ...(target === undefined ? {} : { target: { value: target, text: targetOf(entry, figures, language) } }),
            label: (value) => figures.figure(value, unit)[language],
          },
        }
      }),
  ]
}

function badgeBlocks({ bundle, titles, language }: Material, card: string, badges: readonly Found[]): readonly Block[] {
  const [first] = badges
  if (first === undefined) return []
  const words = SENTENCES[language]
  const made = Date.parse(bundle.made)
  const spans = badges.map((badge, at): StripChart['spans'][number] => {
    const state = textIn(badge.body, 'to') ?? ''
    return {
      from: momentOf(badge),
      to: at + 1 < badges.length ? momentOf(badges[at + 1]!) : made,
      tone: STATE_WORDS[state]?.tone ?? 'plain',
      label: stateWord(state, language),
    }
  })
  return [
    { kind: 'heading', level: 3, text: words.h.badge },
    {
      kind: 'chart',
      title: words.badgeOverTime(titles.get(card) ?? card),
      chart: { kind: 'strip', from: momentOf(first), to: Math.max(made, momentOf(first) + 1), spans },
    },
    {
      kind: 'table',
      columns: [
        { title: words.f.when, width: 2.4 },
        { title: words.f.from, width: 1.5 },
        { title: words.f.to, width: 1.5 },
        { title: words.f.why, width: 6 },
        { title: words.f.entry, width: 1, align: 'right' },
      ],
      rows: badges
        .slice(-MOST_CHANGES)
        .reverse()
        .map((badge): readonly Inline[] => {
          const to = textIn(badge.body, 'to') ?? ''
          return [
            momentText(momentOf(badge), language),
            stateWord(textIn(badge.body, 'from'), language),
            { text: stateWord(to, language), tone: STATE_WORDS[to]?.tone ?? 'plain' },
            reasonsOf(badge, language).join(' '),
            String(badge.index),
          ]
        }),
    },
  ]
}

function momentOf({ body, observed }: Found): number {
  return timeIn(body, 'since') ?? Date.parse(observed)
}
