import { useMemo } from 'react'
import type { Unit } from '../../src/kernel/measure.ts'
import { formatAge, formatDays, formatDuration, formatStep } from '../format/duration.ts'
import { formatFigure, formatTarget } from '../format/figure.ts'
import { type BothLanguages, inLang } from '../format/lang.ts'
import { formatBytes, formatCount, formatDecimal, formatPercent, formatRate } from '../format/number.ts'
import {
  formatDate,
  formatDateTime,
  formatExact,
  formatLongDay,
  formatMinute,
  formatNearDay,
  formatTime,
  formatTimeMs,
} from '../format/time.ts'
import { usePreferences } from './preferences.tsx'

type When = string | number

const at = (when: When): number => (typeof when === 'number' ? when : Date.parse(when))

/** Every formatter, bound to the reader's language and zone. Times are RFC 3339 text or milliseconds. */
export function useFormat() {
  const { lang, timeZone } = usePreferences()
  return useMemo(
    () => ({
      lang,
      timeZone,
      count: (value: number) => formatCount(value, lang),
      decimal: (value: number, digits?: number) => formatDecimal(value, lang, digits),
      percent: (value: number) => formatPercent(value, lang),
      bytes: (value: number) => formatBytes(value, lang),
      rate: (value: number) => formatRate(value, lang),
      duration: (seconds: number) => formatDuration(seconds, lang),
      days: (days: number) => formatDays(days, lang),
      step: (milliseconds: number) => formatStep(milliseconds, lang),
      age: (when: When, now: number) => formatAge(now - at(when), lang),
      figure: (value: number, unit: Unit) => formatFigure(value, unit, lang),
      target: (operator: string, value: number, unit: Unit) => formatTarget(operator, value, unit, lang),
      time: (when: When) => formatTime(at(when), timeZone),
      minute: (when: When) => formatMinute(at(when), timeZone),
      timeMs: (when: When) => formatTimeMs(at(when), timeZone),
      date: (when: When) => formatDate(at(when), timeZone),
      dateTime: (when: When) => formatDateTime(at(when), timeZone),
      exact: (when: When) => formatExact(at(when), timeZone),
      day: (when: When) => formatNearDay(at(when), timeZone, lang, Date.now()),
      longDay: (when: When) => formatLongDay(at(when), timeZone, lang),
      text: (both: BothLanguages) => inLang(both, lang),
    }),
    [lang, timeZone],
  )
}
