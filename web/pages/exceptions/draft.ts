import { CONDITION_OPS, type ConditionOp, type ExceptionCondition } from '../../../src/detect/exceptions/schema.ts'
import type { AlertDetail } from '../../../src/detect/schema.ts'
import type { JsonValue } from '../../../src/kernel/json.ts'

/** A row of the form: a field of the alert, and whether it is asked for. */
export interface DraftCondition {
  readonly field: string
  readonly op: ConditionOp
  /** Several values stand on lines of their own. */
  readonly text: string
  readonly on: boolean
}

const MOST_VALUE = 1000

/** What the alert was about and what matched, each as a condition; what it was about is chosen already. */
export function draftOf(alert: Pick<AlertDetail, 'group' | 'fields'>): readonly DraftCondition[] {
  const group = Object.entries(alert.group).map(([field, value]) => row(field, value, true))
  const fields = Object.entries(alert.fields)
    .filter(([field]) => !(field in alert.group))
    .map(([field, value]) => row(field, value, false))
  return [...group, ...fields].filter(({ text }) => text !== '')
}

function row(field: string, value: JsonValue, on: boolean): DraftCondition {
  const values = (Array.isArray(value) ? (value as readonly JsonValue[]) : [value]).filter(
    (one) => typeof one === 'string' || typeof one === 'number',
  )
  return { field, op: 'is', text: values.map((one) => String(one).slice(0, MOST_VALUE)).join('\n'), on }
}

/** What is sent: the chosen rows with at least one value. */
export function conditionsOf(rows: readonly DraftCondition[]): ExceptionCondition[] {
  return rows
    .filter(({ on, field }) => on && field.trim() !== '')
    .map(({ field, op, text }) => ({
      field: field.trim(),
      op,
      // A value may hold a line break where only one was there to begin with.
      values: op === 'cidr' || text.includes('\n') ? lines(text) : [text],
    }))
    .filter(({ values }) => values.length > 0 && values.every((value) => value !== ''))
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export function opOf(text: string): ConditionOp {
  return CONDITION_OPS.find((one) => one === text) ?? 'is'
}
