import { mixedLines } from '../test/support/mixed.ts'
import { ingestRate } from './ingest-rate.ts'
import type { BenchResult } from './result.ts'

/** `mixed-20k` ten times: Windows events of 2.3 kB. */
export async function ingest(flags: readonly string[]): Promise<BenchResult> {
  const lines = mixedLines()
  if (lines === undefined) throw new Error('../shared/data is absent: nothing to send')
  return await ingestRate('ingest', lines, 10, flags)
}
