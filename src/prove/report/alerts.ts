import type { Block, Inline } from '../../platform/report/model.ts'
import { momentText } from '../../platform/report/words.ts'
import type { Material } from './material.ts'
import { type Found, listIn, numberIn, objectIn, severityIn, textIn, timeIn } from './read.ts'
import { sayEntry } from './say-entry.ts'
import { SENTENCES, TYPE_WORDS } from './words.ts'

const MOST_EVENTS = 30
const MOST_ALERTS = 200

/** One alert: why it was raised, what people did about it, and the events it stands on as they are in the lake. */
export function alertBlocks(material: Material, alert: string): readonly Block[] {
  const { bundle, entries, titles, figures, language } = material
  const { f, h, more } = SENTENCES[language]
  const raised = entries.find(
    ({ type, body }) => type === 'alert' && textIn(body, 'alert') === alert && textIn(body, 'change') === 'raised',
  )
  const history = entries.filter(({ type }) => type !== 'batch' && type !== 'segment')
  const documents = bundle.events.slice(0, MOST_EVENTS)
  return [
    { kind: 'heading', level: 2, text: h.alert },
    ...(raised === undefined ? [] : [raisedFacts(raised, material)]),
    { kind: 'heading', level: 3, text: h.history },
    {
      kind: 'table',
      columns: [
        { title: f.when, width: 2.4 },
        { title: f.type, width: 2 },
        { title: f.what, width: 6 },
        { title: f.entry, width: 1, align: 'right' },
      ],
      rows: history.map((entry): readonly Inline[] => [
        momentText(Date.parse(entry.observed), language),
        TYPE_WORDS[entry.type]?.[language] ?? entry.type,
        sayEntry(entry, titles, figures, language),
        String(entry.index),
      ]),
    },
    ...(documents.length === 0
      ? []
      : [
          { kind: 'heading', level: 3, text: h.events } as const,
          ...(documents.length < bundle.events.length
            ? [{ kind: 'text', text: more(documents.length, bundle.events.length) } as const]
            : []),
          ...documents.map((event) => ({ kind: 'exact', text: pretty(event.document) }) as const),
        ]),
  ]
}

function raisedFacts({ body }: Found, { language }: Material): Block {
  const { f } = SENTENCES[language]
  const entity = objectIn(body, 'entity')
  const at = (key: string) => {
    const time = timeIn(body, key)
    return time === undefined ? '' : momentText(time, language)
  }
  const items = [
    { label: f.what, value: { text: textIn(body, 'title') ?? '', strong: true } },
    { label: f.severity, value: severityIn(body) },
    { label: f.rule, value: { text: textIn(body, 'rule') ?? '', mono: true } },
    {
      label: f.techniques,
      value: listIn(body, 'techniques')
        .filter((one) => typeof one === 'string')
        .join(', '),
    },
    { label: f.entity, value: [textIn(entity, 'kind'), textIn(entity, 'name')].filter((one) => one !== undefined).join(' ') },
    { label: f.firstObserved, value: at('firstObserved') },
    { label: f.raised, value: at('raised') },
    { label: f.count, value: String(numberIn(body, 'eventCount') ?? '') },
  ]
  return { kind: 'facts', items }
}

/** Alerts that were raised in a span of time. */
export function alertTable({ entries, language }: Material): readonly Block[] {
  const { f, h, more } = SENTENCES[language]
  const raised = entries.filter(({ type, body }) => type === 'alert' && textIn(body, 'change') === 'raised')
  if (raised.length === 0) return []
  const listed = raised.slice(-MOST_ALERTS).reverse()
  return [
    { kind: 'heading', level: 2, text: h.alerts },
    ...(listed.length < raised.length ? [{ kind: 'text', text: more(listed.length, raised.length) } as const] : []),
    {
      kind: 'table',
      columns: [
        { title: f.raised, width: 2.4 },
        { title: f.severity, width: 1.4 },
        { title: f.what, width: 5 },
        { title: f.entity, width: 2.4 },
        { title: f.entry, width: 1, align: 'right' },
      ],
      rows: listed.map(({ index, at, body }): readonly Inline[] => [
        momentText(at, language),
        severityIn(body),
        textIn(body, 'title') ?? '',
        textIn(objectIn(body, 'entity'), 'name') ?? '',
        String(index),
      ]),
    },
  ]
}

/** The event's own text, laid out; what cannot be read is shown as it is. */
function pretty(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document), null, 1)
  } catch {
    return document
  }
}
