export const SPANS = ['15m', '1h', '6h', '24h', '7d', '30d', '5y'] as const
export type Span = (typeof SPANS)[number]

const MINUTE = 60_000
const LENGTH: Readonly<Record<Span, number>> = {
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '6h': 360 * MINUTE,
  '24h': 1440 * MINUTE,
  '7d': 7 * 1440 * MINUTE,
  '30d': 30 * 1440 * MINUTE,
  '5y': 5 * 365 * 1440 * MINUTE,
}

export interface Window {
  readonly from: string
  readonly to: string
}

/** The window an address means: its own ends, or a span that ends a moment after `now` so that nothing just arrived is left out. */
export function resolveWindow(
  search: { from?: string | undefined; to?: string | undefined; span?: Span | undefined },
  now: number,
): Window {
  const from = Date.parse(search.from ?? '')
  const to = Date.parse(search.to ?? '')
  if (from < to) return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
  const end = now + MINUTE
  return { from: new Date(end - LENGTH[search.span ?? '24h'] - MINUTE).toISOString(), to: new Date(end).toISOString() }
}

/** The same moment with three times the width, never past an hour from now. */
export function widened(window: Window, now: number): Window {
  const from = Date.parse(window.from)
  const to = Date.parse(window.to)
  const width = Math.max(1000, to - from)
  return { from: new Date(from - width).toISOString(), to: new Date(Math.min(to + width, now + 60 * MINUTE)).toISOString() }
}

/** How far around an event one may look, seconds to each side. */
export const AROUND_SECONDS = [5, 60, 300, 1800] as const

/** The window of that many seconds to each side of a moment, the moment at its end included. */
export function aroundWindow(at: number, seconds: number): Window {
  return { from: new Date(at - seconds * 1000).toISOString(), to: new Date(at + seconds * 1000 + 1).toISOString() }
}
