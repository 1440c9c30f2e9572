import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'

/** One log record with what its request says about it, whichever encoding it came in. Times are nanoseconds since 1970. */
export interface OtlpLog {
  readonly resource: JsonObject
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: JsonObject }
  readonly time: string
  readonly observedTime: string
  /** 1 to 24 (OpenTelemetry logs data model, SeverityNumber); 0 for none. */
  readonly severityNumber: number
  readonly severityText: string
  readonly body: JsonValue | undefined
  readonly attributes: JsonObject
  /** Lower-case hexadecimal; empty for none. */
  readonly traceId: string
  readonly spanId: string
  readonly eventName: string
  readonly droppedAttributes: number
}

/** A log record, or bytes that should have been one. */
export type OtlpPart = { readonly log: OtlpLog } | { readonly broken: Buffer; readonly reason: string }

/** Nesting of values beyond this is nobody's log. */
export const MAX_VALUE_DEPTH = 48

/** 64-bit integers that JavaScript cannot hold stay decimal digits. */
export function integerValue(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
