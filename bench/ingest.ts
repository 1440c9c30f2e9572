import { mixedLines } from '../test/support/mixed.ts'
import { ingestRate } from './ingest-rate.ts'
import type { BenchResult } from './result.ts'

/** `mixed-20k` five times: Windows events of 2.3 kB. */
export async function ingest(): Promise<BenchResult> {
  const lines = mixedLines()
  if (lines === undefined) throw new Error('../shared/data is absent: nothing to send')
  return await ingestRate('ingest', lines, 5)
}
