import type { JsonValue } from '../../../../kernel/json.ts'
import type { Comparison, TimePart } from '../expression.ts'

/**
 * The part of a time, in UTC. A text is read as RFC 3339 / ISO 8601 (without a zone: UTC, as Windows event data has it), a number as
 * seconds or, from 1e11 on, milliseconds since 1970. Undefined when it is no time. `week` is the ISO 8601 week.
 */
export function timePart(value: JsonValue, part: TimePart): number | undefined {
  const date = dateOf(value)
  if (date === undefined) return undefined
  switch (part) {
    case 'minute':
      return date.getUTCMinutes()
    case 'hour':
      return date.getUTCHours()
    case 'day':
      return date.getUTCDate()
    case 'week':
      return isoWeek(date)
    case 'month':
      return date.getUTCMonth() + 1
    case 'year':
      return date.getUTCFullYear()
  }
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2})?)?$/

function dateOf(value: JsonValue): Date | undefined {
  if (typeof value === 'number') return validDate(new Date(Math.abs(value) < 1e11 ? value * 1000 : value))
  if (typeof value !== 'string') return undefined
  const match = ISO.exec(value.trim())
  if (match === null) return undefined
  const [, day, clock = '00:00', , zone = 'Z'] = match
  return validDate(new Date(`${day}T${clock}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`))
}

function validDate(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date
}

function isoWeek(date: Date): number {
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()))
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7))
  const yearStart = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return Math.ceil(((thursday.getTime() - yearStart) / 86_400_000 + 1) / 7)
}

export function compare(value: number, how: Comparison, number: number): boolean {
  switch (how) {
    case 'gt':
      return value > number
    case 'gte':
      return value >= number
    case 'lt':
      return value < number
    case 'lte':
      return value <= number
    case 'eq':
      return value === number
  }
}
