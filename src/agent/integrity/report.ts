import { messageOf } from '../../kernel/error.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Log } from '../../platform/log.ts'
import type { Identity } from '../identity.ts'
import { tell } from '../link.ts'
import type { Integrity } from './integrity.ts'

interface Reporting {
  readonly integrity: Integrity
  readonly identity: () => Identity
  readonly addresses: () => readonly string[] | undefined
  readonly count: (name: string) => void
  readonly signal: AbortSignal
  readonly log: Log
}

/** So often, even where nothing changed: what was not said lately proves nothing. */
const EVERY_MS = 60_000
/** Changes come in bursts; the server need not hear of each. */
const SOONEST_MS = 1_000
const AGAIN_MS = 5_000

/** Tells the server how the host's files stand against their baseline, until the signal ends. */
export async function reportIntegrity({ integrity, identity, addresses, count, signal, log }: Reporting): Promise<void> {
  let failed = false
  while (!signal.aborted) {
    const next = new AbortController()
    const until = AbortSignal.any([signal, next.signal, AbortSignal.timeout(EVERY_MS)])
    const change = integrity.next(until)
    const report = integrity.report()
    if (report !== undefined) {
      try {
        await tell({ ...identity(), addresses }, '/api/v1/agent-link/integrity', JSON.stringify(report))
        failed = false
      } catch (error) {
        count('integrity.unsent')
        if (!failed && !signal.aborted) log.warn(`how the files stand could not be told: ${messageOf(error)}`)
        failed = true
        await realWait(AGAIN_MS, signal)
        next.abort()
        continue
      }
    }
    await change
    await realWait(SOONEST_MS, signal)
  }
}
