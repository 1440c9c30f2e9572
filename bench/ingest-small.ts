import { ingestRate } from './ingest-rate.ts'
import type { BenchResult } from './result.ts'
import { smallLines } from './small-events.ts'

/** Events of 500 bytes, as sensors and proxies send them. */
export async function ingestSmall(flags: readonly string[]): Promise<BenchResult> {
  return await ingestRate('ingest-small', smallLines(100_000), 5, flags)
}
