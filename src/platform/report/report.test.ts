import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { draw } from './drawing.ts'
import { escapeHtml } from './escape-html.ts'
import { reportHtml } from './html.ts'
import { type Block, type Chart, type Language, type Report, safeHref, shown } from './model.ts'
import { reportPdf } from './pdf.ts'

const MADE = Date.parse('2026-11-22T11:30:00.000Z')
const DAY = 86_400_000

const LINE: Chart = {
  kind: 'line',
  points: [
    { at: MADE - 3 * DAY, value: 91.2, tone: 'good' },
    { at: MADE - 2 * DAY, value: null, tone: 'gone' },
    { at: MADE - DAY, value: 88.4, tone: 'bad' },
  ],
  target: { value: 90, text: '≥ 90 %' },
  label: (value) => `${value} %`,
}

function sample(language: Language, more: readonly Block[] = []): Report {
  const ja = language === 'ja'
  return {
    language,
    title: ja ? '決済基盤「完璧」宣言の証拠' : 'Evidence for the declaration of the payment path',
    kicker: ja ? '証拠報告書' : 'Evidence report',
    made: MADE,
    foot: ja ? '完璧は宣言ではなく証拠だ' : 'Perfection is not a claim, it is evidence',
    other: { text: ja ? 'English' : '日本語', href: ja ? 'report.html' : 'report.ja.html' },
    blocks: [
      { kind: 'heading', level: 2, text: ja ? '目標と実測値' : 'Objectives', id: 'objectives' },
      { kind: 'note', tone: 'bad', text: ja ? '網羅率が目標を下回り、印は撤回されました。' : 'Coverage fell below its target.' },
      { kind: 'facts', items: [{ label: ja ? '署名者' : 'Signer', value: { text: 'kanpeki.local/0a1b2c3d', mono: true } }] },
      {
        kind: 'table',
        columns: [
          { title: ja ? '目標' : 'Objective', width: 3 },
          { title: ja ? '値' : 'Value', width: 1, align: 'right' },
        ],
        rows: Array.from({ length: 60 }, (_, row) => [ja ? `検知の遅れ、その${row}` : `Alert delay ${row}`, `${row} s`]),
      },
      { kind: 'chart', title: ja ? '網羅率の推移' : 'Coverage over time', chart: LINE },
      { kind: 'list', items: [['A ', { text: 'link', href: 'https://example.com/' }]] },
      ...more,
    ],
  }
}

describe('a report as HTML', () => {
  it('stands by itself: no script, nothing loaded, its policy fits its sheet', () => {
    const html = reportHtml(sample('ja'))
    expect(html).toContain('<html lang="ja">')
    expect(html).not.toMatch(/<script|<link|<img|\ssrc=|@import|url\(|\sstyle=/)
    expect(html).toMatch(/style-src &#39;sha256-[A-Za-z0-9+/]{43}=&#39;/)
    expect(html).toContain('このグラフの元の数値')
    expect(html).toContain('2026-11-22 20:30 JST')
  })

  it('keeps what attackers wrote as text', () => {
    const evil = '"><script>alert(1)</script>\u202egnp.exe'
    const html = reportHtml(
      sample('en', [
        { kind: 'heading', level: 3, text: evil },
        { kind: 'text', text: [{ text: evil, href: 'javascript:alert(1)' }] },
        { kind: 'table', columns: [{ title: evil, width: 1 }], rows: [[evil]] },
        { kind: 'exact', text: evil },
      ]),
    )
    expect(html).not.toContain('<script')
    expect(html).not.toContain('javascript:')
    expect(html).not.toContain('\u202e')
    expect(html.split('[U+202E]')).toHaveLength(6)
  })

  it('escapes any text so that nothing of it is markup, and drops no letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = escapeHtml(text)
        expect(escaped).not.toMatch(/[<>"']/)
        const back = escaped.replaceAll(
          /&(amp|lt|gt|quot|#39);/g,
          (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name]!,
        )
        expect(back).toBe(shown(text))
      }),
    )
  })

  it.each([
    ['https://example.com/a', true],
    ['report.ja.html', true],
    ['/evidence?entry=3', true],
    ['#objectives', true],
    ['//evil.example/', false],
    ['javascript:alert(1)', false],
    ['data:text/html,x', false],
    ['file:///etc/passwd', false],
  ])('follows %s: %s', (href, followed) => expect(safeHref(href) !== undefined).toBe(followed))
})

describe('a drawing', () => {
  it('leaves a hole where nothing was measured and never draws a zero for it', () => {
    const { shapes } = draw(LINE, 'en')
    expect(shapes.filter(({ kind }) => kind === 'dot')).toMatchObject([
      { ink: 'good' },
      { ink: 'gone', open: true },
      { ink: 'bad' },
    ])
    expect(shapes.filter((shape) => shape.kind === 'path' && shape.ink === 'axis' && shape.width > 1)).toHaveLength(0)
  })

  it('stays inside its frame for any figures', () => {
    const value = fc.option(fc.double({ min: -1e9, max: 1e9, noNaN: true }))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 70 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }), (values, target) => {
        const points = values.map((one, at) => ({ at: MADE + at * DAY, value: one, tone: 'plain' as const }))
        const { shapes, width, height } = draw(
          { kind: 'line', points, target: { value: target, text: 't' }, label: String },
          'ja',
        )
        for (const shape of shapes) {
          const places = shape.kind === 'path' ? shape.points : [[shape.x, shape.y] as const]
          for (const [x, y] of places) {
            expect(x).toBeGreaterThanOrEqual(0)
            expect(x).toBeLessThanOrEqual(width)
            expect(y).toBeGreaterThanOrEqual(-1)
            expect(y).toBeLessThanOrEqual(height)
          }
        }
      }),
    )
  })
})

describe('a report as PDF', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'report-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const read = async (report: Report): Promise<{ text: string; bytes: number; info: string }> => {
    const pdf = await reportPdf(report)
    const file = join(folder, 'report.pdf')
    writeFileSync(file, pdf)
    const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' })
    return { text, bytes: pdf.length, info: execFileSync('pdfinfo', [file], { encoding: 'utf8' }) }
  }

  it('reads back in Japanese, over pages whose tables keep their heads, with the glyphs it uses and no more', async () => {
    const { text, bytes, info } = await read(sample('ja'))
    for (const words of [
      '決済基盤「完璧」宣言の証拠',
      '網羅率が目標を下回り、印は撤回されました。',
      '検知の遅れ、その59',
      '網羅率の推移',
      '完璧は宣言ではなく証拠だ',
    ])
      expect(text).toContain(words)
    expect(text.match(/目標 +値$/gm)?.length).toBeGreaterThanOrEqual(2)
    expect(info).toMatch(/Tagged: +yes/)
    expect(bytes).toBeLessThan(200_000)
  })

  it('says which characters the typeface lacks instead of leaving them out', async () => {
    const { text } = await read(sample('en', [{ kind: 'text', text: '한국 🦊 \u202e' }]))
    expect(text).toContain('〓〓 〓')
    expect(text).toContain('[U+202E]')
    expect(text).toMatch(/〓 stands for 3 characters/)
  })
})
