import { startOfDay } from '../../audit/audit-text.ts'
import type { SpanDraft } from './span-fields.tsx'

/** A span as the server takes it: whole days of the reader's zone, the last one included. */
export function spanAsked({ scope, from, to }: SpanDraft, utc: boolean): { scope?: string; from?: string; to?: string } {
  const [begins, ends] = [startOfDay(from, utc), startOfDay(to, utc, true)]
  return {
    ...(scope === '' ? {} : { scope }),
    ...(begins === undefined ? {} : { from: begins }),
    ...(ends === undefined ? {} : { to: ends }),
  }
}
