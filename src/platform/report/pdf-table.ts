import type { Column, Inline } from './model.ts'
import { COLOURS, MARGIN, type Pages } from './pdf-page.ts'

const SIZE = 8.5
const GAP = 8
const PAD = 2.5

/**
 * Draws a table over as many pages as it takes; the head stands on each. A cell has one style, that of its first part.
 * @param headed false for a list of facts, which has no head.
 */
export function drawTable(
  pages: Pages,
  columns: readonly Column[],
  rows: readonly (readonly Inline[])[],
  part: (tag: string, work: () => void) => void,
  headed: boolean,
): void {
  const { doc } = pages
  const whole = doc.page.width - 2 * MARGIN
  const shares = columns.reduce((sum, { width }) => sum + width, 0)
  const widths = columns.map(({ width }) => (width / shares) * whole)
  const heightOf = (row: readonly Inline[]) =>
    Math.max(...row.map((cell, at) => pages.height(cell, (widths[at] ?? whole) - GAP, SIZE)))
  const drawRow = (row: readonly Inline[], strong: boolean) => {
    const top = doc.y
    const height = heightOf(row)
    let left = MARGIN
    for (const [at, cell] of row.entries()) {
      const width = (widths[at] ?? whole) - GAP
      const align = columns[at]?.align ?? 'left'
      pages.text(cell, { size: SIZE, x: left, y: top + PAD, width, align })
      left += widths[at] ?? 0
    }
    doc.y = top + height + PAD * 2
    doc
      .moveTo(MARGIN, doc.y - 1)
      .lineTo(doc.page.width - MARGIN, doc.y - 1)
      .lineWidth(strong ? 0.8 : 0.4)
      .stroke(strong ? COLOURS.axis : COLOURS.grid)
  }
  const head = columns.map(({ title }): Inline => ({ text: title, strong: true, tone: 'gone' }))
  const bottom = () => doc.page.height - doc.page.margins.bottom
  pages.need(60)
  part('P', () => {
    if (headed) drawRow(head, true)
    for (const row of rows) {
      if (doc.y + Math.min(heightOf(row), bottom() - MARGIN) + PAD * 2 > bottom()) {
        pages.turn()
        if (headed) drawRow(head, true)
      }
      drawRow(row, false)
    }
  })
  doc.moveDown(0.5)
}
