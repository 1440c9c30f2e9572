import { type Drawing, LABEL_SIZE, type Shape } from './drawing.ts'
import { escapeHtml } from './escape-html.ts'

/** A drawing as inline SVG; its colours are classes of the page's style sheet. */
export function svgOf({ width, height, shapes }: Drawing, label: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">${shapes.map(shapeOf).join('')}</svg>`
}

function shapeOf(shape: Shape): string {
  switch (shape.kind) {
    case 'box':
      return `<rect class="f-${shape.ink}" x="${n(shape.x)}" y="${n(shape.y)}" width="${n(shape.width)}" height="${n(shape.height)}"/>`
    case 'path': {
      const dash = shape.dashed === true ? ' stroke-dasharray="4 3"' : ''
      return `<polyline class="s-${shape.ink}" fill="none" stroke-width="${n(shape.width)}"${dash} points="${shape.points.map(([x, y]) => `${n(x)},${n(y)}`).join(' ')}"/>`
    }
    case 'dot': {
      const name = shape.open === true ? `s-${shape.ink} hole` : `f-${shape.ink}`
      return `<circle class="${name}" cx="${n(shape.x)}" cy="${n(shape.y)}" r="${n(shape.radius)}"/>`
    }
    case 'text':
      return `<text class="f-${shape.ink}" x="${n(shape.x)}" y="${n(shape.y)}" font-size="${LABEL_SIZE}" text-anchor="${shape.anchor}">${escapeHtml(shape.text)}</text>`
  }
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100)
}
