import type { TemplateInfo } from '../../../src/declare/catalogue/schema.ts'
import type { SeriesView } from '../../../src/declare/series/schema.ts'
import type { Unit } from '../../../src/kernel/measure.ts'

export const WAYS = ['push', 'http', 'prometheus', 'sql', 'otlp'] as const
export type Way = (typeof WAYS)[number]

/** A series while it is being written. */
export interface Draft {
  readonly id: string
  readonly unit: Unit
  readonly en: string
  readonly ja: string
  readonly definition: string
  readonly way: Way
  readonly url: string
  /** JSON pointer, PromQL, SELECT or the name of a metric. */
  readonly what: string
  /** `name=value`, a line each. */
  readonly attributes: string
  readonly minutes: number
  readonly secret: string
}

export function draftOf(series: SeriesView | undefined, template?: TemplateInfo): Draft {
  const pull = series?.pull ?? null
  return {
    id: series?.id ?? template?.series ?? '',
    unit: series?.unit ?? template?.unit ?? 'percent',
    en: series?.title.en ?? template?.title.en ?? '',
    ja: series?.title.ja ?? template?.title.ja ?? '',
    definition: series?.definition ?? (template === undefined ? '' : `${template.definition.en}\n${template.definition.ja}`),
    way: pull?.kind ?? 'push',
    url: pull !== null && pull.kind !== 'otlp' ? pull.url : '',
    what: whatOf(pull),
    attributes:
      pull?.kind === 'otlp'
        ? Object.entries(pull.attributes)
            .map(([name, value]) => `${name}=${value}`)
            .join('\n')
        : '',
    minutes: Math.max(1, Math.round((pull?.every ?? 3600) / 60)),
    secret: '',
  }
}

function whatOf(pull: SeriesView['pull']): string {
  switch (pull?.kind) {
    case 'http':
      return pull.pointer
    case 'otlp':
      return pull.metric
    case 'prometheus':
    case 'sql':
      return pull.query
    default:
      return ''
  }
}

/** As the API takes it; the server says what is wrong with it. Titles go without the blanks around them. */
export function bodyOf({ unit, en, ja, definition, secret, ...draft }: Draft): unknown {
  return { unit, title: { en: en.trim(), ja: ja.trim() }, definition, pull: pullOf(draft), ...(secret === '' ? {} : { secret }) }
}

function pullOf({
  way,
  url,
  what,
  attributes,
  minutes,
}: Pick<Draft, 'way' | 'url' | 'what' | 'attributes' | 'minutes'>): unknown {
  const every = minutes * 60
  switch (way) {
    case 'push':
      return null
    case 'http':
      return { kind: way, url, pointer: what, every }
    case 'otlp':
      return { kind: way, metric: what, attributes: attributesOf(attributes), every }
    case 'prometheus':
    case 'sql':
      return { kind: way, url, query: what, every }
  }
}

const ATTRIBUTE = /^\s*([^=\s][^=]*?)\s*=(.*)$/

/** @returns the first line that is neither empty nor an attribute. */
export function noAttribute(text: string): string | undefined {
  return text.split('\n').find((line) => line.trim() !== '' && !ATTRIBUTE.test(line))
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => ATTRIBUTE.exec(line))
      .filter((found) => found !== null)
      .map(([, name = '', value = '']) => [name, value.trim()]),
  )
}
