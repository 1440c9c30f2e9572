import type { Ink } from './drawing.ts'
import { FONTS } from './fonts.ts'
import { type Inline, type Span, safeHref, shown, spansOf, textOfInline } from './model.ts'

/** Millimetres of a margin are points here: A4 is 595.28 × 841.89. */
export const MARGIN = 46
export const BODY = 9.5
/** Japanese needs air between lines; Latin takes it too, in one measure for both. */
const LINE_GAP = 3

export const COLOURS: Readonly<Record<Ink | 'text' | 'link' | 'wash', string>> = {
  plain: '#27497d',
  good: '#2c6045',
  risk: '#7c5208',
  bad: '#b02d16',
  gone: '#8b8476',
  grid: '#e4dfd4',
  axis: '#655f55',
  label: '#655f55',
  target: '#48443d',
  text: '#1d1b18',
  link: '#27497d',
  wash: '#f4f2ec',
}

/** What pdfkit knows of the font it draws with; its types leave it out, and Courier, which is not embedded, has none of it. */
interface OpenFont {
  readonly _font: { readonly font?: { hasGlyphForCodePoint?(codePoint: number): boolean } }
}

export interface TextOptions {
  readonly size?: number
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly align?: 'left' | 'right'
}

/** A document being drawn, with the two typefaces and what both could not show. */
export interface Pages {
  readonly doc: PDFKit.PDFDocument
  /** Characters that were replaced so far. */
  readonly replaced: () => number
  /** Draws text where the last ended, or at a place. */
  text(inline: Inline, options?: TextOptions): void
  height(inline: Inline, width: number, size?: number): number
  /** Begins a page unless so much is left of this one. */
  need(height: number): void
  /** Begins a page, where a part of the structure may be open: it goes on there. */
  turn(): void
}

export interface PageInfo {
  readonly title: string
  readonly language: string
  readonly made: Date
}

export async function openPages({ title, language, made }: PageInfo): Promise<Pages> {
  // A tenth of a second of a start that writes no report.
  const { default: PDFDocument } = await import('pdfkit')
  const doc = new PDFDocument({
    size: 'A4',
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN + 14 },
    bufferPages: true,
    pdfVersion: '1.7',
    tagged: true,
    lang: language,
    displayTitle: true,
    info: { Title: shown(title), Producer: 'Kanpeki', Creator: 'Kanpeki', CreationDate: made },
  })
  doc.registerFont('regular', FONTS.regular)
  doc.registerFont('bold', FONTS.bold)
  let missing = 0
  const drawable = (text: string, counted: boolean): string => {
    const { font } = (doc as unknown as OpenFont)._font
    if (font?.hasGlyphForCodePoint === undefined) return text
    return [...shown(text)]
      .map((one) => {
        if (one === '\n' || one === '\t' || font.hasGlyphForCodePoint?.(one.codePointAt(0)!) === true) return one
        if (counted) missing += 1
        return '〓'
      })
      .join('')
  }
  /** Courier is in every reader and knows Latin only. */
  const choose = ({ strong, mono, text }: Span) =>
    doc.font(mono === true && /^[\x20-\x7e\n]*$/.test(text) ? 'Courier' : strong === true ? 'bold' : 'regular')
  const colourOf = ({ tone, href }: Span): string =>
    safeWeb(href) !== undefined ? COLOURS.link : tone === undefined || tone === 'plain' ? COLOURS.text : COLOURS[tone]

  return {
    doc,
    replaced: () => missing,
    text(inline, { size = BODY, x, y, width, align = 'left' } = {}) {
      const spans = spansOf(inline).filter(({ text }) => text !== '')
      const place = width === undefined ? {} : { width }
      for (const [at, span] of spans.entries()) {
        choose(span)
        const href = safeWeb(span.href)
        const options = {
          ...place,
          align,
          lineGap: LINE_GAP,
          continued: at < spans.length - 1,
          link: href ?? null,
          underline: href !== undefined,
        }
        doc.fontSize(span.mono === true ? size - 1 : size).fillColor(colourOf(span))
        const text = drawable(span.text, true)
        if (at === 0 && x !== undefined && y !== undefined) doc.text(text, x, y, options)
        else doc.text(text, options)
      }
    },
    height(inline, width, size = BODY) {
      const [first] = spansOf(inline)
      choose(first ?? { text: '' })
      return doc.fontSize(size).heightOfString(drawable(textOfInline(inline), false) || ' ', { width, lineGap: LINE_GAP })
    },
    need(height) {
      if (doc.y + height > doc.page.height - doc.page.margins.bottom) doc.continueOnNewPage()
    },
    turn: () => void doc.continueOnNewPage(),
  }
}

/** Files beside the report and places inside it mean nothing to a PDF. */
function safeWeb(href: string | undefined): string | undefined {
  const safe = safeHref(href)
  return safe !== undefined && /^https?:/.test(safe) ? safe : undefined
}
