import type { Block, Inline, Language, Report } from '../../platform/report/model.ts'
import { dayText, momentText, shortDay } from '../../platform/report/words.ts'
import type { Bundle } from '../verify/bundle-format.ts'
import { toBase64, utf8 } from '../verify/bytes.ts'
import { parseCheckpoint } from '../verify/checkpoint.ts'
import { alertBlocks, alertTable } from './alerts.ts'
import { cardBlocks } from './cards.ts'
import type { Material } from './material.ts'
import { entriesOf, type Found, numberIn, objectIn, textIn, timeIn } from './read.ts'
import { figureOf, objectiveTitle, sayEntry, stateWord, targetOf, titlesIn } from './say-entry.ts'
import { type Figures, SENTENCES, STATE_WORDS, TYPE_WORDS } from './words.ts'

const MOST_LISTED = 300
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The report of a bundle: nothing but what its entries say, in one language. */
export function bundleReport(bundle: Bundle, language: Language, figures: Figures): Report {
  const entries = entriesOf(bundle)
  const material: Material = { bundle, entries, titles: titlesIn(entries, language), figures, language }
  const words = SENTENCES[language]
  const checkpoint = parseCheckpoint(utf8(bundle.checkpoint))
  const origin = checkpoint?.origin ?? ''
  const { about } = bundle
  const cards = typeof about['card'] === 'string' ? [about['card']] : 'from' in about ? cardsIn(entries) : []
  const only = entries.find(({ index }) => index === about['index'])
  const scope = textIn(about, 'scope')
  return {
    language,
    kicker: words.kicker,
    title: titleOf(material, only),
    made: Date.parse(bundle.made),
    foot: words.foot(origin, checkpoint?.size ?? 0),
    other: language === 'en' ? { text: '日本語', href: 'report.ja.html' } : { text: 'English', href: 'report.html' },
    blocks: [
      { kind: 'text', text: words.basis },
      {
        kind: 'facts',
        items: [
          { label: words.f.log, value: { text: origin, mono: true } },
          { label: words.f.size, value: String(checkpoint?.size ?? 0) },
          { label: words.f.root, value: { text: checkpoint === undefined ? words.none : toBase64(checkpoint.root), mono: true } },
          { label: words.f.key, value: { text: bundle.key, mono: true } },
          { label: words.f.entries, value: String(entries.length) },
          { label: words.f.events, value: String(bundle.events.length) },
          { label: words.f.logged, value: loggedText(entries, language) },
        ],
      },
      ...(scope === undefined ? [] : [{ kind: 'note', tone: 'risk', text: words.scopeOnly(scope) } as const]),
      ...(only?.type === 'measure' ? figureBlocks(material, only) : []),
      ...cards.flatMap((card) => cardBlocks(material, card)),
      ...(typeof about['alert'] === 'string' ? alertBlocks(material, about['alert']) : []),
      ...('from' in about ? [...activityBlocks(material), ...alertTable(material)] : []),
      ...missingBlocks(material),
      ...entryBlocks(material),
      ...checkBlocks(material),
    ],
  }
}

function titleOf({ bundle: { about }, entries, titles, language }: Material, only: Found | undefined): string {
  const { titles: say } = SENTENCES[language]
  const { alert, card, incident, index } = about
  if (typeof card === 'string') return say.card(titles.get(card) ?? card)
  if (typeof alert === 'string') {
    const raised = entries.find(
      ({ type, body }) => type === 'alert' && textIn(body, 'alert') === alert && textIn(body, 'title') !== undefined,
    )
    return say.alert((raised === undefined ? undefined : textIn(raised.body, 'title')) ?? alert)
  }
  if (typeof incident === 'string') {
    const opened = entries.find(({ type, body }) => type === 'incident' && textIn(body, 'action') === 'incident.opened')
    const number = opened?.body['number']
    return say.incident(typeof number === 'number' ? `INC-${number} ${textIn(opened!.body, 'title') ?? ''}`.trim() : incident)
  }
  if (typeof index === 'number') return only?.type === 'measure' ? say.figure(objectiveTitle(only, titles)) : say.entry(index)
  return say.period(
    dayText(Date.parse(textIn(about, 'from') ?? ''), language),
    dayText(Date.parse(textIn(about, 'to') ?? ''), language),
  )
}

function cardsIn(entries: readonly Found[]): readonly string[] {
  return [
    ...new Set(
      entries.filter(({ type }) => type === 'badge' || type === 'measure').flatMap(({ body }) => textIn(body, 'card') ?? []),
    ),
  ].sort()
}

function loggedText(entries: readonly Found[], language: Language): string {
  const [first] = entries
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return SENTENCES[language].none
  return first === last ? momentText(first.at, language) : `${momentText(first.at, language)} – ${momentText(last.at, language)}`
}

/** One figure, opened: what was measured, over what, and what was counted. */
function figureBlocks({ titles, figures, language }: Material, entry: Found): readonly Block[] {
  const { f, h, counted } = SENTENCES[language]
  const { body } = entry
  const state = textIn(body, 'state')
  const count = (key: string) => String(numberIn(body, key) ?? 0)
  const span = [timeIn(body, 'from'), timeIn(body, 'to')].flatMap((at) => (at === undefined ? [] : [momentText(at, language)]))
  return [
    { kind: 'heading', level: 2, text: h.figure },
    {
      kind: 'facts',
      items: [
        { label: f.objective, value: objectiveTitle(entry, titles) },
        { label: f.value, value: { text: figureOf(entry, figures, language), strong: true } },
        { label: f.target, value: targetOf(entry, figures, language) },
        { label: f.state, value: { text: stateWord(state, language), tone: STATE_WORDS[state ?? '']?.tone ?? 'plain' } },
        { label: f.counted, value: counted(count('good'), count('bad'), count('unknown')) },
        { label: f.window, value: span.join(' – ') },
        { label: f.measure, value: { text: textIn(body, 'measure') ?? '', mono: true } },
      ],
    },
    { kind: 'exact', text: JSON.stringify(objectIn(body, 'detail'), null, 2) },
  ]
}

/** What was logged when, and of which kind. */
function activityBlocks({ entries, language }: Material): readonly Block[] {
  const words = SENTENCES[language]
  const [first] = entries
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return []
  const step = last.at - first.at <= 2 * DAY ? HOUR : DAY
  const from = Math.floor(first.at / step)
  const counts = Array.from({ length: Math.floor(last.at / step) - from + 1 }, () => 0)
  for (const { at } of entries) counts[Math.floor(at / step) - from]! += 1
  const label = (at: number) => (step === DAY ? shortDay(at, language) : momentText(at, language).slice(11, 16))
  const types = [...Map.groupBy(entries, ({ type }) => type)].map(([type, of]) => ({ type, count: of.length }))
  return [
    { kind: 'heading', level: 2, text: words.h.activity },
    {
      kind: 'chart',
      title: step === DAY ? words.perDay : words.perHour,
      chart: { kind: 'bars', bars: counts.map((value, at) => ({ label: label((from + at) * step), value })) },
    },
    {
      kind: 'table',
      columns: [
        { title: words.f.type, width: 3 },
        { title: words.f.number, width: 1, align: 'right' },
      ],
      rows: types
        .toSorted((a, b) => b.count - a.count)
        .map(({ type, count }) => [TYPE_WORDS[type]?.[language] ?? type, String(count)]),
    },
  ]
}

function missingBlocks({ bundle: { missing }, language }: Material): readonly Block[] {
  if (missing.length === 0) return []
  return [
    { kind: 'heading', level: 2, text: SENTENCES[language].h.missing },
    { kind: 'list', items: missing.slice(0, MOST_LISTED).map(({ what, reason }): Inline => `${what}: ${reason}`) },
  ]
}

function entryBlocks({ entries, titles, figures, language }: Material): readonly Block[] {
  const words = SENTENCES[language]
  const listed = entries.slice(-MOST_LISTED).reverse()
  return [
    { kind: 'heading', level: 2, text: words.h.entries },
    ...(listed.length < entries.length ? [{ kind: 'text', text: words.more(listed.length, entries.length) } as const] : []),
    {
      kind: 'table',
      columns: [
        { title: words.f.entry, width: 1, align: 'right' },
        { title: words.f.logged, width: 2.4 },
        { title: words.f.type, width: 2 },
        { title: words.f.what, width: 7 },
      ],
      rows: listed.map((entry) => [
        String(entry.index),
        momentText(entry.at, language),
        TYPE_WORDS[entry.type]?.[language] ?? entry.type,
        sayEntry(entry, titles, figures, language),
      ]),
    },
  ]
}

function checkBlocks({ bundle, language }: Material): readonly Block[] {
  const { h, check } = SENTENCES[language]
  return [
    { kind: 'heading', level: 2, text: h.check },
    { kind: 'list', items: [check.browser, check.shell] },
    { kind: 'exact', text: `kanpeki verify PACKAGE.zip --key '${bundle.key}'` },
    { kind: 'list', items: [check.key, check.own] },
  ]
}
