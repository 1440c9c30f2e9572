import { draw, LABEL_SIZE, type Shape } from './drawing.ts'
import { type Block, type Inline, type Language, type Report, type Span, textOfInline } from './model.ts'
import { BODY, COLOURS, MARGIN, openPages, type Pages } from './pdf-page.ts'
import { drawTable } from './pdf-table.ts'
import { momentText, WORDS } from './words.ts'

/**
 * A report as a PDF (A4, tagged, in its language) that carries the glyphs it uses. A character that the typeface lacks is
 * drawn as 〓, and the last line says how many.
 */
export async function reportPdf(report: Report): Promise<Uint8Array> {
  const { language, title, kicker, made, blocks } = report
  const pages = await openPages({ title, language, made: new Date(made) })
  const { doc } = pages
  const chunks: Uint8Array[] = []
  const done = new Promise<void>((resolve, reject) => {
    doc.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    doc.on('end', resolve)
    doc.on('error', reject)
  })
  const root = doc.struct('Document')
  doc.addStructure(root)
  const part = (tag: string, work: () => void) => root.add(doc.struct(tag, {}, work))
  part('P', () => pages.text({ text: kicker, tone: 'gone' }, { size: 9 }))
  part('H1', () => pages.text({ text: title, strong: true }, { size: 19 }))
  part('P', () => pages.text({ text: `${WORDS[language].made} ${momentText(made, language)}`, tone: 'gone' }, { size: 9 }))
  doc.moveDown(0.3)
  rule(pages, 1.4, COLOURS.text)
  doc.moveDown(0.6)
  for (const block of blocks) {
    drawBlock(pages, block, language, part)
    doc.x = MARGIN
  }
  const missing = pages.replaced()
  if (missing > 0) part('P', () => pages.text({ text: WORDS[language].glyphs(missing), tone: 'gone' }, { size: 8 }))
  root.end()
  drawFeet(pages, report)
  doc.end()
  await done
  return new Uint8Array(Buffer.concat(chunks))
}

type Part = (tag: string, work: () => void) => void

function drawBlock(pages: Pages, block: Block, language: Language, part: Part): void {
  const { doc } = pages
  const width = doc.page.width - 2 * MARGIN
  switch (block.kind) {
    case 'heading': {
      const size = block.level === 2 ? 13 : 10.5
      // A heading alone at the foot of a page belongs to the next.
      pages.need(size + 140)
      doc.moveDown(block.level === 2 ? 0.9 : 0.5)
      part(block.level === 2 ? 'H2' : 'H3', () => pages.text({ text: block.text, strong: true }, { size }))
      if (block.level === 2) {
        doc.moveDown(0.1)
        rule(pages, 0.5, COLOURS.grid)
      }
      doc.moveDown(0.3)
      return
    }
    case 'text':
      part('P', () => pages.text(toned(block.text, block.tone)))
      doc.moveDown(0.35)
      return
    case 'note': {
      const height = pages.height(textOfInline(block.text), width - 22) + 10
      pages.need(height)
      const top = doc.y
      part('P', () => {
        doc.rect(MARGIN, top, width, height).fill(COLOURS.wash)
        doc.rect(MARGIN, top, 3, height).fill(COLOURS[block.tone === 'plain' ? 'axis' : block.tone])
        pages.text(block.text, { x: MARGIN + 12, y: top + 5, width: width - 22 })
      })
      doc.y = top + height
      doc.moveDown(0.5)
      return
    }
    case 'facts':
      drawTable(
        pages,
        [
          { title: '', width: 1 },
          { title: '', width: 3 },
        ],
        block.items.map(({ label, value }) => [{ text: label, tone: 'gone' }, value]),
        part,
        false,
      )
      return
    case 'list':
      for (const item of block.items)
        part('P', () =>
          pages.text(['・', ...(Array.isArray(item) ? (item as readonly (string | Span)[]) : [item as string | Span])]),
        )
      doc.moveDown(0.35)
      return
    case 'table':
      drawTable(pages, block.columns, block.rows, part, true)
      return
    case 'exact':
      part('P', () => pages.text({ text: block.text, mono: true }, { size: BODY - 0.5 }))
      doc.moveDown(0.35)
      return
    case 'chart': {
      const drawing = draw(block.chart, language)
      const scale = width / drawing.width
      pages.need(drawing.height * scale + 24)
      part('P', () => pages.text({ text: block.title, strong: true }, { size: BODY }))
      const top = doc.y + 2
      const figure = doc.struct('Figure', { alt: block.title }, () => {
        doc.save().translate(MARGIN, top).scale(scale)
        for (const shape of drawing.shapes) drawShape(pages, shape)
        doc.restore()
      })
      doc.addStructure(figure)
      figure.end()
      doc.x = MARGIN
      doc.y = top + drawing.height * scale
      doc.moveDown(0.4)
    }
  }
}

function drawShape({ doc, text }: Pages, shape: Shape): void {
  switch (shape.kind) {
    case 'box':
      doc.rect(shape.x, shape.y, shape.width, shape.height).fill(shape.ink === 'gone' ? '#cfc8ba' : COLOURS[shape.ink])
      return
    case 'path':
      for (const [at, [x, y]] of shape.points.entries()) at === 0 ? doc.moveTo(x, y) : doc.lineTo(x, y)
      if (shape.dashed === true) doc.dash(4, { space: 3 })
      doc.lineWidth(shape.width).stroke(COLOURS[shape.ink])
      if (shape.dashed === true) doc.undash()
      return
    case 'dot':
      doc.circle(shape.x, shape.y, shape.radius)
      if (shape.open === true) doc.lineWidth(0.8).stroke(COLOURS[shape.ink])
      else doc.fill(COLOURS[shape.ink])
      return
    case 'text': {
      // The place is that of the baseline and the anchor; pdfkit wants the upper left corner.
      const width = doc.font('regular').fontSize(LABEL_SIZE).widthOfString(shape.text)
      const left = shape.x - (shape.anchor === 'start' ? 0 : shape.anchor === 'middle' ? width / 2 : width)
      text(
        { text: shape.text, tone: shape.ink === 'target' ? 'plain' : 'gone' },
        { size: LABEL_SIZE, x: left, y: shape.y - LABEL_SIZE * 0.88, width: width + 4 },
      )
    }
  }
}

function toned(inline: Inline, tone: Span['tone']): Inline {
  return tone === undefined ? inline : { text: textOfInline(inline), tone }
}

function rule({ doc }: Pages, width: number, colour: string): void {
  doc
    .moveTo(MARGIN, doc.y)
    .lineTo(doc.page.width - MARGIN, doc.y)
    .lineWidth(width)
    .stroke(colour)
}

/** Foot and number of each page, once all pages are known. They are no part of what is read out. */
function drawFeet(pages: Pages, { foot, language }: Report): void {
  const { doc } = pages
  const { start, count } = doc.bufferedPageRange()
  for (let page = start; page < start + count; page++) {
    doc.switchToPage(page)
    const bottom = doc.page.margins.bottom
    // Text below the margin would begin another page.
    doc.page.margins.bottom = 0
    const y = doc.page.height - MARGIN + 4
    const wide = doc.page.width - 2 * MARGIN
    doc.markContent('Artifact', { type: 'Pagination' })
    pages.text({ text: shortened(pages, foot, wide - 66), tone: 'gone' }, { size: 7.5, x: MARGIN, y, width: wide - 60 })
    pages.text(
      { text: WORDS[language].page(page - start + 1, count), tone: 'gone' },
      { size: 7.5, x: MARGIN + wide - 60, y, width: 60, align: 'right' },
    )
    doc.endMarkedContent()
    doc.page.margins.bottom = bottom
  }
}

/** As much of a text as fits a line of the foot. */
function shortened({ doc }: Pages, text: string, width: number): string {
  doc.font('regular').fontSize(7.5)
  if (doc.widthOfString(text) <= width) return text
  const letters = [...text]
  while (letters.length > 1 && doc.widthOfString(`${letters.join('')}…`) > width) letters.pop()
  return `${letters.join('')}…`
}
