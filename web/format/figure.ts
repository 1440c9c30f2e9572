import type { Unit } from '../../src/kernel/measure.ts'
import { formatDays, formatDuration } from './duration.ts'
import type { Lang } from './lang.ts'
import { formatDecimal, formatPercent } from './number.ts'

/** A measured value in words a reader uses: 81 h 14 min, 99.98 %, 0, 38 d. */
export function formatFigure(value: number, unit: Unit, lang: Lang): string {
  switch (unit) {
    case 'percent':
      return formatPercent(value, lang)
    case 'seconds':
      return formatDuration(value, lang)
    case 'days':
      return formatDays(value, lang)
    case 'count':
      return formatDecimal(value, lang)
  }
}

const SIGNS: Readonly<Record<string, string>> = { '<=': '≤', '>=': '≥', '=': '=', '==': '=', '<': '<', '>': '>' }

/** A target: ≤ 72 h, = 100 %. */
export function formatTarget(operator: string, value: number, unit: Unit, lang: Lang): string {
  return `${SIGNS[operator] ?? operator} ${formatFigure(value, unit, lang)}`
}
