import type { BarChart, Chart, Language, LineChart, StripChart, Tone } from './model.ts'
import { shortDay } from './words.ts'

/** What a stroke or a fill is for; SVG and PDF each have a colour for it. */
export type Ink = Tone | 'grid' | 'axis' | 'label' | 'target'

export type Shape =
  | {
      readonly kind: 'box'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly ink: Ink
    }
  | {
      readonly kind: 'path'
      readonly points: readonly (readonly [number, number])[]
      readonly ink: Ink
      readonly width: number
      readonly dashed?: boolean
    }
  | {
      readonly kind: 'dot'
      readonly x: number
      readonly y: number
      readonly radius: number
      readonly ink: Ink
      readonly open?: boolean
    }
  /** `y` is the baseline. */
  | {
      readonly kind: 'text'
      readonly x: number
      readonly y: number
      readonly text: string
      readonly anchor: 'start' | 'middle' | 'end'
      readonly ink: Ink
    }

/** A chart as shapes, y growing downwards, one unit a point. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly shapes: readonly Shape[]
}

/** Size of text in a drawing. */
export const LABEL_SIZE = 8
const WIDTH = 500
const LEFT = 58
const RIGHT = 490
const TOP = 12
const BOTTOM = 108
const HEIGHT = 128

/** Lays a chart out, once for both outputs. */
export function draw(chart: Chart, language: Language): Drawing {
  switch (chart.kind) {
    case 'line':
      return drawLine(chart, language)
    case 'bars':
      return drawBars(chart)
    case 'strip':
      return drawStrip(chart, language)
  }
}

function drawLine({ points, target, label }: LineChart, language: Language): Drawing {
  const values = [...points.flatMap(({ value }) => value ?? []), ...(target === undefined ? [] : [target.value])]
  const scale = niceScale(Math.min(...values, Number.POSITIVE_INFINITY), Math.max(...values, Number.NEGATIVE_INFINITY))
  const y = (value: number) => BOTTOM - ((value - scale.from) / (scale.to - scale.from)) * (BOTTOM - TOP)
  const first = points[0]?.at ?? 0
  const last = points.at(-1)?.at ?? first
  const x = (at: number) => (last === first ? (LEFT + RIGHT) / 2 : LEFT + ((at - first) / (last - first)) * (RIGHT - LEFT))
  const shapes: Shape[] = []
  for (const tick of scale.ticks) {
    shapes.push({
      kind: 'path',
      points: [
        [LEFT, y(tick)],
        [RIGHT, y(tick)],
      ],
      ink: 'grid',
      width: 0.5,
    })
    shapes.push({ kind: 'text', x: LEFT - 5, y: y(tick) + 3, text: label(tick), anchor: 'end', ink: 'label' })
  }
  if (target !== undefined) {
    shapes.push({
      kind: 'path',
      points: [
        [LEFT, y(target.value)],
        [RIGHT, y(target.value)],
      ],
      ink: 'target',
      width: 1,
      dashed: true,
    })
    shapes.push({ kind: 'text', x: RIGHT, y: y(target.value) - 3, text: target.text, anchor: 'end', ink: 'target' })
  }
  for (const run of runsOf(points)) {
    if (run.length > 1)
      shapes.push({ kind: 'path', points: run.map(({ at, value }) => [x(at), y(value)] as const), ink: 'axis', width: 1.2 })
  }
  for (const { at, value, tone } of points) {
    // Missing evidence has a place on the time axis and none on the scale.
    if (value === null) shapes.push({ kind: 'dot', x: x(at), y: BOTTOM, radius: 2.2, ink: 'gone', open: true })
    else shapes.push({ kind: 'dot', x: x(at), y: y(value), radius: points.length > 40 ? 1.4 : 2.2, ink: tone })
  }
  shapes.push({
    kind: 'path',
    points: [
      [LEFT, BOTTOM],
      [RIGHT, BOTTOM],
    ],
    ink: 'axis',
    width: 0.7,
  })
  return { width: WIDTH, height: HEIGHT, shapes: [...shapes, ...timeAxis(first, last, language)] }
}

function runsOf(points: LineChart['points']): readonly (readonly { readonly at: number; readonly value: number }[])[] {
  const runs: { at: number; value: number }[][] = [[]]
  for (const { at, value } of points) {
    if (value === null) runs.push([])
    else runs.at(-1)!.push({ at, value })
  }
  return runs.filter((run) => run.length > 0)
}

function timeAxis(first: number, last: number, language: Language): readonly Shape[] {
  if (last === first)
    return [
      { kind: 'text', x: (LEFT + RIGHT) / 2, y: BOTTOM + 14, text: shortDay(first, language), anchor: 'middle', ink: 'label' },
    ]
  const marks = 5
  const seen = new Set<string>()
  return Array.from({ length: marks }, (_, index): Shape => {
    const at = first + ((last - first) * index) / (marks - 1)
    const day = shortDay(at, language)
    const text = seen.has(day) ? '' : day
    seen.add(day)
    const anchor = index === 0 ? 'start' : index === marks - 1 ? 'end' : 'middle'
    return { kind: 'text', x: LEFT + ((RIGHT - LEFT) * index) / (marks - 1), y: BOTTOM + 14, text, anchor, ink: 'label' }
  })
}

function drawBars({ bars }: BarChart): Drawing {
  const most = Math.max(1, ...bars.map(({ value }) => value))
  const scale = niceScale(0, most, true)
  const y = (value: number) => BOTTOM - (value / scale.to) * (BOTTOM - TOP)
  const step = (RIGHT - LEFT) / Math.max(1, bars.length)
  // Names of many bars would run into each other.
  const every = Math.ceil(bars.length / 10)
  const shapes: Shape[] = scale.ticks.flatMap((tick): Shape[] => [
    {
      kind: 'path',
      points: [
        [LEFT, y(tick)],
        [RIGHT, y(tick)],
      ],
      ink: 'grid',
      width: 0.5,
    },
    { kind: 'text', x: LEFT - 5, y: y(tick) + 3, text: tick.toLocaleString('en'), anchor: 'end', ink: 'label' },
  ])
  for (const [index, { label, value, tone }] of bars.entries()) {
    const left = LEFT + index * step + step * 0.15
    shapes.push({ kind: 'box', x: left, y: y(value), width: step * 0.7, height: BOTTOM - y(value), ink: tone ?? 'plain' })
    if (index % every === 0)
      shapes.push({ kind: 'text', x: left + step * 0.35, y: BOTTOM + 14, text: label, anchor: 'middle', ink: 'label' })
  }
  shapes.push({
    kind: 'path',
    points: [
      [LEFT, BOTTOM],
      [RIGHT, BOTTOM],
    ],
    ink: 'axis',
    width: 0.7,
  })
  return { width: WIDTH, height: HEIGHT, shapes }
}

function drawStrip({ from, to, spans }: StripChart, language: Language): Drawing {
  const left = 10
  const wide = RIGHT - left
  const x = (at: number) => left + ((Math.min(to, Math.max(from, at)) - from) / Math.max(1, to - from)) * wide
  const shapes: Shape[] = spans.flatMap((span): Shape[] => {
    const width = Math.max(0.5, x(span.to) - x(span.from))
    const box: Shape = { kind: 'box', x: x(span.from), y: 16, width, height: 16, ink: span.tone }
    // About half of the size per letter of Latin, all of it for kanji: a name that would not fit is left to the table.
    const room = [...span.label].reduce((sum, one) => sum + (one > '\u2e80' ? 1 : 0.55), 0) * LABEL_SIZE
    return room > width
      ? [box]
      : [box, { kind: 'text', x: x(span.from) + 1, y: 12, text: span.label, anchor: 'start', ink: 'label' }]
  })
  return {
    width: WIDTH,
    height: 48,
    shapes: [
      ...shapes,
      { kind: 'text', x: left, y: 44, text: shortDay(from, language), anchor: 'start', ink: 'label' },
      { kind: 'text', x: RIGHT, y: 44, text: shortDay(to, language), anchor: 'end', ink: 'label' },
    ],
  }
}

/** Round numbers around a range: 1, 2 or 5 times a power of ten apart. */
function niceScale(
  low: number,
  high: number,
  whole = false,
): { readonly from: number; readonly to: number; readonly ticks: readonly number[] } {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return niceScale(0, 1)
  // Closer together than a figure is written, they are one: the axis still needs a length.
  const size = Math.max(Math.abs(high), Math.abs(low), 1)
  const spread = high - low > size * 1e-9 ? high - low : size
  const raw = spread / 3
  const power = 10 ** Math.floor(Math.log10(raw))
  const wanted = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= raw) ?? 10 * power
  const step = whole ? Math.max(1, Math.round(wanted)) : wanted
  const from = Math.floor(low / step) * step
  const to = Math.max(from + step, Math.ceil(high / step) * step)
  const count = Math.round((to - from) / step)
  // Counted, not added up: 0.1 added ten times is not 1.
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((from + index * step).toPrecision(12)))
  return { from, to, ticks }
}
