import { LANES, type Lane, type TimelineEvent } from '../../../src/detect/schema.ts'

export const WIDTH = 900
const LEFT = 120
const RIGHT = 892
const TOP = 40
const LANE_HEIGHT = 31
/** Dots closer than this are one dot: `a`, with how many. */
const MERGE = 16

export interface Dot {
  readonly letter: string
  readonly x: number
  readonly y: number
  readonly event: TimelineEvent
  readonly more: number
}

export interface TimelineLayout {
  readonly height: number
  readonly lanes: readonly { readonly lane: Lane; readonly y: number }[]
  readonly ticks: readonly { readonly x: number; readonly y: number }[]
  readonly dots: readonly Dot[]
  readonly grid: readonly { readonly x: number; readonly at: number }[]
  readonly x: (at: number) => number
}

/** Round steps for the time axis, seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400]

/** Places an entity's events on lanes; those behind the alert become lettered dots, at most nine. */
export function layOut(events: readonly TimelineEvent[], from: number, to: number, hits: ReadonlySet<string>): TimelineLayout {
  const span = Math.max(1000, to - from)
  const x = (at: number): number => LEFT + ((Math.min(to, Math.max(from, at)) - from) / span) * (RIGHT - LEFT)
  const used = LANES.filter((lane) => events.some((event) => event.lane === lane))
  const lanes = used.map((lane, index) => ({ lane, y: TOP + index * LANE_HEIGHT }))
  const yOf = new Map(lanes.map(({ lane, y }) => [lane, y]))
  const ticks: { x: number; y: number }[] = []
  const dots: Dot[] = []
  for (const event of events) {
    const at = { x: x(Date.parse(event.observed)), y: yOf.get(event.lane) ?? TOP }
    if (!hits.has(event.id)) {
      ticks.push(at)
      continue
    }
    const before = dots.findLastIndex((dot) => dot.y === at.y && Math.abs(dot.x - at.x) < MERGE)
    const near = dots[before]
    if (near !== undefined) dots[before] = { ...near, more: near.more + 1 }
    else if (dots.length < 9) dots.push({ ...at, event, more: 0, letter: String.fromCharCode(97 + dots.length) })
    else ticks.push(at)
  }
  const step = (STEPS.find((seconds) => span / 1000 / seconds <= 8) ?? 86_400) * 1000
  const grid: { x: number; at: number }[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) grid.push({ x: x(at), at })
  return { height: TOP + Math.max(1, lanes.length) * LANE_HEIGHT - 12, lanes, ticks, dots, grid, x }
}

/** The line that follows the story from dot to dot: straight down a moment, a soft curve across time. */
export function threadPath(dots: readonly { readonly x: number; readonly y: number }[]): string {
  let path = ''
  dots.forEach((dot, index) => {
    const before = dots[index - 1]
    if (before === undefined) path = `M${dot.x.toFixed(1)} ${dot.y}`
    else if (Math.abs(dot.x - before.x) < 24 || dot.y === before.y) path += `L${dot.x.toFixed(1)} ${dot.y}`
    else {
      const third = (dot.x - before.x) * 0.45
      path += `C${(before.x + third).toFixed(1)} ${before.y} ${(dot.x - third).toFixed(1)} ${dot.y} ${dot.x.toFixed(1)} ${dot.y}`
    }
  })
  return path
}

/** Long summaries are for the tooltip; a label keeps what fits. */
export function shorten(text: string, most: number): string {
  const chars = [...text]
  return chars.length <= most ? text : `${chars.slice(0, most - 1).join('')}…`
}

/** About how wide a label of 11.5 px is: enough to choose the side it goes to. */
export function textWidth(text: string): number {
  let width = 0
  for (const char of text) width += /[\u3000-\u9fff\uff00-\uffef]/u.test(char) ? 11.5 : 6
  return width
}
