import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, type JsonObject } from '../../kernel/json.ts'
import { draw } from '../../platform/report/drawing.ts'
import { reportHtml } from '../../platform/report/html.ts'
import type { Block, Language } from '../../platform/report/model.ts'
import { PLAIN_PACKAGING } from '../testing/packaging.ts'
import { BUNDLE_FORMAT, type Bundle } from '../verify/bundle-format.ts'
import { bundleReport } from './compose.ts'

const T0 = Date.UTC(2026, 10, 20)
const DAY = 86_400_000
const { figures } = PLAIN_PACKAGING

function bundle(about: JsonObject, bodies: readonly (readonly [type: string, body: JsonObject])[]): Bundle {
  const entries = bodies.map(([type, body], index) => {
    const at = new Date(T0 + index * (DAY / 4)).toISOString()
    const entry = { body, logged: at, observed: at, outbox: index + 1, received: at, scope: 'default', type, v: 1 }
    return { index, entry: canonicalJson(entry), proof: [] }
  })
  const checkpoint = 'kanpeki.test/log\n9\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— kanpeki.test/log AAAAAAAA\n'
  const made = new Date(T0 + 3 * DAY).toISOString()
  return { format: BUNDLE_FORMAT, version: 1, about, made, key: 'k', checkpoint, entries, events: [], missing: [] }
}

const DOCUMENT = {
  name: { en: 'Payment path', ja: '決済経路' },
  version: '2026.11.20',
  owner: 'sre',
  scope: { description: { en: 'Payments', ja: '決済' } },
  objectives: [{ id: 'delay', title: { en: 'Alert delay', ja: 'アラート遅延' } }],
  forbidden: [],
}
const measured = (value: number | null, state: string): readonly [string, JsonObject] => [
  'measure',
  {
    card: 'pay',
    objective: 'delay',
    value,
    state,
    unit: 'seconds',
    comparator: '<=',
    target: 300,
    good: 3,
    bad: 1,
    unknown: 0,
    detail: { alerts: 4 },
  },
]
const CARD = [
  ['card', { card: 'pay', change: 'written', document: DOCUMENT, by: 'file' }],
  measured(100, 'met'),
  ['badge', { card: 'pay', from: null, to: 'held', reasons: [] }],
  measured(null, 'unproven'),
  measured(400, 'unmet'),
  ['badge', { card: 'pay', from: 'held', to: 'withdrawn', reasons: [{ text: { en: 'Too slow.', ja: '遅すぎます。' } }] }],
] as const

const html = (about: JsonObject, bodies: readonly (readonly [string, JsonObject])[], language: Language) =>
  reportHtml(bundleReport(bundle(about, bodies), language, figures))

describe('the report of a bundle', () => {
  it('tells a declaration: its figures with their entries, their course, its badge and why it fell', () => {
    const report = bundleReport(bundle({ card: 'pay' }, CARD), 'ja', figures)
    expect(report.title).toBe('宣言「決済経路」の証拠')
    const page = reportHtml(report)
    for (const words of ['アラート遅延', '400 seconds', '未達', '撤回', '遅すぎます。', 'アラート遅延の推移', 'sre'])
      expect(page).toContain(words)
    const charts = report.blocks.filter((block): block is Extract<Block, { kind: 'chart' }> => block.kind === 'chart')
    expect(charts.map(({ chart }) => chart.kind)).toEqual(['line', 'strip'])
    expect(charts[0]?.chart).toMatchObject({ points: [{ value: 100 }, { value: null }, { value: 400 }], target: { value: 300 } })
    expect(html({ card: 'pay' }, CARD, 'en')).toContain('Evidence for the declaration “Payment path”')
  })

  it('opens one figure', () => {
    const page = html({ index: 4 }, CARD, 'en')
    for (const words of [
      'Evidence for a figure: Alert delay',
      '400 seconds',
      '3 inside the limit, 1 outside, 0 unknown',
      '&quot;alerts&quot;: 4',
    ])
      expect(page).toContain(words)
  })

  it('tells a period: what was logged when, and the alerts', () => {
    const alert = { alert: 'a1', change: 'raised', title: 'Brute force', severity: 2, entity: { name: 'web-01' } }
    const page = html({ from: '2026-11-20T00:00:00.000Z', to: '2026-11-23T00:00:00.000Z' }, [...CARD, ['alert', alert]], 'en')
    for (const words of [
      'Evidence from 2026-11-20 to 2026-11-23',
      'Entries logged per hour',
      'Brute force',
      'P2',
      'web-01',
      'Payment path',
    ])
      expect(page).toContain(words)
  })

  it('tells an incident by what was done, in the reader’s language', () => {
    const incident = { incident: 'i1', by: { id: 'u1', name: 'sato' } }
    const opened = {
      ...incident,
      action: 'incident.opened',
      number: 7,
      title: 'Web shell',
      said: 'Opened as P1',
      saidJa: 'P1で起票',
    }
    const phase = { ...incident, action: 'incident.phase', said: 'Phase: a → b', saidJa: 'フェーズ：a → b', note: '<b>cut</b>' }
    const entries: Parameters<typeof html>[1] = [
      ['incident', opened],
      ['incident', phase],
    ]
    const [english, japanese] = [html({ incident: 'i1' }, entries, 'en'), html({ incident: 'i1' }, entries, 'ja')]
    expect(english).toContain('Evidence of the incident “INC-7 Web shell”')
    for (const words of ['Opened as P1', 'Phase: a → b', '&lt;b&gt;cut&lt;/b&gt;']) expect(english).toContain(words)
    for (const words of ['インシデント「INC-7 Web shell」の証拠', 'P1で起票', 'フェーズ：a → b'])
      expect(japanese).toContain(words)
  })

  it('shows what attackers wrote as text', () => {
    const alert = { alert: 'a1', change: 'raised', title: '<img src=x onerror=alert(1)>', severity: 1 }
    const page = html({ alert: 'a1' }, [['alert', alert]], 'en')
    expect(page).not.toContain('<img')
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
  })

  it('draws any bodies whatever, of this version or another, without a fault', () => {
    const types = fc.constantFrom('card', 'measure', 'badge', 'alert', 'verdict', 'admin', 'batch', 'newer')
    const keys = fc.constantFrom(
      'card',
      'alert',
      'title',
      'value',
      'unit',
      'target',
      'state',
      'to',
      'since',
      'reasons',
      'document',
      'entity',
      'by',
      'detail',
    )
    const body = fc.dictionary(
      keys,
      fc.oneof(fc.constantFrom('pay', 'a1', 'held', '2026-11-20T00:00:00.000Z'), fc.jsonValue({ maxDepth: 2 })),
      { maxKeys: 6 },
    )
    const about = fc.constantFrom<JsonObject>(
      { card: 'pay' },
      { alert: 'a1' },
      { index: 0 },
      { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' },
    )
    fc.assert(
      fc.property(about, fc.array(fc.tuple(types, body), { maxLength: 8 }), (what, bodies) => {
        const report = bundleReport(bundle(what, bodies as [string, JsonObject][]), 'ja', figures)
        expect(reportHtml(report)).toContain('</html>')
        for (const block of report.blocks) if (block.kind === 'chart') draw(block.chart, 'ja')
      }),
      { numRuns: 150 },
    )
  })
})
