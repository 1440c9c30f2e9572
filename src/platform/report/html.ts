import { createHash } from 'node:crypto'
import { draw } from './drawing.ts'
import { escapeHtml } from './escape-html.ts'
import { type Block, type Chart, type Inline, type Language, type Report, safeHref, spansOf } from './model.ts'
import { STYLE } from './style.ts'
import { svgOf } from './svg.ts'
import { momentText, WORDS } from './words.ts'

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
/** The page's own policy, also where no server sends one: no script, nothing loaded, one style sheet. */
export const REPORT_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`

/** A report as one page of HTML without scripts, to be opened from anywhere and printed. */
export function reportHtml(report: Report): string {
  const { language, title, kicker, made, blocks, foot, other } = report
  const link =
    other === undefined
      ? ''
      : `<a class="other" lang="${language === 'en' ? 'ja' : 'en'}" href="${escapeHtml(safeHref(other.href) ?? '#')}">${escapeHtml(other.text)}</a>`
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(REPORT_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>${link}<p class="kicker">${escapeHtml(kicker)}</p><h1>${escapeHtml(title)}</h1><p class="made">${WORDS[language].made} <time datetime="${new Date(made).toISOString()}">${momentText(made, language)}</time></p></header>
${blocks.map((block) => blockHtml(block, language)).join('\n')}
<footer>${escapeHtml(foot)}</footer>
</main>
</body>
</html>
`
}

function blockHtml(block: Block, language: Language): string {
  switch (block.kind) {
    case 'heading': {
      const id = block.id === undefined ? '' : ` id="${escapeHtml(block.id)}"`
      return `<h${block.level}${id}>${escapeHtml(block.text)}</h${block.level}>`
    }
    case 'text':
      return `<p class="t-${block.tone ?? 'plain'}">${inlineHtml(block.text)}</p>`
    case 'note':
      return `<p class="note n-${block.tone}">${inlineHtml(block.text)}</p>`
    case 'facts':
      return `<dl>${block.items.map(({ label, value }) => `<div><dt>${escapeHtml(label)}</dt><dd>${inlineHtml(value)}</dd></div>`).join('')}</dl>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${inlineHtml(item)}</li>`).join('')}</ul>`
    case 'table':
      return tableHtml(
        block.columns.map(({ title, align }) => ({ title, right: align === 'right' })),
        block.rows,
      )
    case 'exact':
      return `<pre>${escapeHtml(block.text)}</pre>`
    case 'chart':
      return `<figure><figcaption>${escapeHtml(block.title)}</figcaption>${svgOf(draw(block.chart, language), block.title)}<details><summary>${WORDS[language].figures}</summary>${figuresHtml(block.chart, language)}</details></figure>`
  }
}

function tableHtml(
  columns: readonly { readonly title: string; readonly right: boolean }[],
  rows: readonly (readonly Inline[])[],
): string {
  const side = (at: number) => (columns[at]?.right === true ? ' class="right"' : '')
  const head = columns.map(({ title }, at) => `<th scope="col"${side(at)}>${escapeHtml(title)}</th>`).join('')
  const body = rows.map((row) => `<tr>${row.map((cell, at) => `<td${side(at)}>${inlineHtml(cell)}</td>`).join('')}</tr>`).join('')
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** Each chart has its table. */
function figuresHtml(chart: Chart, language: Language): string {
  const words = WORDS[language]
  const columns = [
    { title: words.when, right: false },
    { title: words.value, right: chart.kind !== 'strip' },
  ]
  switch (chart.kind) {
    case 'line':
      return tableHtml(
        columns,
        chart.points.map(({ at, value }) => [momentText(at, language), value === null ? words.none : chart.label(value)]),
      )
    case 'bars':
      return tableHtml(
        columns.map((column, at) => (at === 0 ? { ...column, title: '' } : column)),
        chart.bars.map(({ label, value }) => [label, value.toLocaleString(language)]),
      )
    case 'strip':
      return tableHtml(
        columns,
        chart.spans.map(({ from, to, label }) => [`${momentText(from, language)} – ${momentText(to, language)}`, label]),
      )
  }
}

/** Each part stands by itself in direction: a name written from right to left turns nothing around it. */
function inlineHtml(inline: Inline): string {
  return spansOf(inline)
    .map(({ text, href, strong, tone, mono }) => {
      const classes = [tone === undefined ? '' : `t-${tone}`, mono === true ? 'mono' : ''].filter((name) => name !== '').join(' ')
      const inner = `<bdi${classes === '' ? '' : ` class="${classes}"`}>${escapeHtml(text)}</bdi>`
      const weighty = strong === true ? `<strong>${inner}</strong>` : inner
      const to = safeHref(href)
      return to === undefined ? weighty : `<a href="${escapeHtml(to)}">${weighty}</a>`
    })
    .join('')
}
