/** A report as a value: written once, drawn as HTML and as PDF. Every text in it is of one language already. */
export const LANGUAGES = ['en', 'ja'] as const
export type Language = (typeof LANGUAGES)[number]

/** What a thing means; each output has its own colour for it. `gone` is missing evidence. */
export const TONES = ['plain', 'good', 'risk', 'bad', 'gone'] as const
export type Tone = (typeof TONES)[number]

export interface Span {
  readonly text: string
  /** An address of `https:`, `http:` or inside the document (`#id`); others are drawn as plain text. */
  readonly href?: string
  readonly strong?: boolean
  readonly tone?: Tone
  /** Exact text (a hash, a key): one width for each character. */
  readonly mono?: boolean
}
/** Text in a line. */
export type Inline = string | Span | readonly (string | Span)[]

export interface Column {
  readonly title: string
  /** Share of the table's width; shares are relative to each other. */
  readonly width: number
  readonly align?: 'left' | 'right'
}

/** A figure over time, with the line it has to keep to. */
export interface LineChart {
  readonly kind: 'line'
  /** Milliseconds UTC, growing; null where nothing could be measured: a hole, never a zero. */
  readonly points: readonly { readonly at: number; readonly value: number | null; readonly tone: Tone }[]
  readonly target?: { readonly value: number; readonly text: string }
  /** How a value of the axis is written. */
  readonly label: (value: number) => string
}

/** A count per day, or per kind. */
export interface BarChart {
  readonly kind: 'bars'
  readonly bars: readonly { readonly label: string; readonly value: number; readonly tone?: Tone }[]
}

/** States that follow each other in [from, to). Milliseconds UTC. */
export interface StripChart {
  readonly kind: 'strip'
  readonly from: number
  readonly to: number
  readonly spans: readonly { readonly from: number; readonly to: number; readonly tone: Tone; readonly label: string }[]
}
export type Chart = LineChart | BarChart | StripChart

export type Block =
  | { readonly kind: 'heading'; readonly level: 2 | 3; readonly text: string; readonly id?: string }
  | { readonly kind: 'text'; readonly text: Inline; readonly tone?: Tone }
  /** A sentence that must not be missed, in a box. */
  | { readonly kind: 'note'; readonly text: Inline; readonly tone: Tone }
  | { readonly kind: 'facts'; readonly items: readonly { readonly label: string; readonly value: Inline }[] }
  | { readonly kind: 'list'; readonly items: readonly Inline[] }
  | { readonly kind: 'table'; readonly columns: readonly Column[]; readonly rows: readonly (readonly Inline[])[] }
  /** `title` also names the chart to those who cannot see it. */
  | { readonly kind: 'chart'; readonly title: string; readonly chart: Chart }
  | { readonly kind: 'exact'; readonly text: string }

export interface Report {
  readonly language: Language
  readonly title: string
  /** What kind of document this is, above the title. */
  readonly kicker: string
  /** Milliseconds UTC. */
  readonly made: number
  readonly blocks: readonly Block[]
  /** Stands at the foot of each page. */
  readonly foot: string
  /** The same report in the other language, as a file beside this one. */
  readonly other?: { readonly text: string; readonly href: string }
}

/** The parts of a line, in order. */
export function spansOf(inline: Inline): readonly Span[] {
  const parts = Array.isArray(inline) ? (inline as readonly (string | Span)[]) : [inline as string | Span]
  return parts.map((part) => (typeof part === 'string' ? { text: part } : part))
}

export function textOfInline(inline: Inline): string {
  return spansOf(inline)
    .map(({ text }) => text)
    .join('')
}

/** Reports hold what attackers wrote (names, paths): an address is followed only where it leads to the web or inside. */
export function safeHref(href: string | undefined): string | undefined {
  return href !== undefined && /^(https?:\/\/|#|\/(?!\/)|[a-z0-9.-]+\.(html|pdf)$)/.test(href) ? href : undefined
}

/** Text as it may be drawn: what would reverse, hide or break the text around it is spelt out (`[U+202E]`). */
export function shown(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g,
      (one) => `[U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .toWellFormed()
}
