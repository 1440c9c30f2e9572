import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { messageOf } from '../../kernel/error.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Log } from '../../platform/log.ts'
import type { Identity } from '../identity.ts'
import { tell } from '../link.ts'
import type { Software } from './software.ts'

interface Reporting {
  readonly software: Software
  readonly identity: () => Identity
  readonly addresses: () => readonly string[] | undefined
  readonly count: (name: string) => void
  readonly signal: AbortSignal
  readonly log: Log
}

/** A list that did not change is told again after this, so that its age says that somebody looked. */
const AGAIN_MS = 86_400_000
const RETRY_MS = 60_000
const compress = promisify(gzip)

/** Tells the server what is installed, whenever that is another list, until the signal ends. */
export async function reportSoftware({ software, identity, addresses, count, signal, log }: Reporting): Promise<void> {
  let told: { readonly digest: string; readonly at: number } | undefined
  let failed = false
  while (!signal.aborted) {
    const next = software.next(AbortSignal.any([signal, AbortSignal.timeout(AGAIN_MS)]))
    const list = software.list()
    if (list !== undefined && (told?.digest !== list.digest || performance.now() - told.at >= AGAIN_MS)) {
      try {
        const body = await compress(JSON.stringify({ components: list.components }))
        await tell({ ...identity(), addresses }, '/api/v1/agent-link/inventory', body, { type: 'application/octet-stream' })
        told = { digest: list.digest, at: performance.now() }
        failed = false
      } catch (error) {
        count('software.unsent')
        if (!failed && !signal.aborted) log.warn(`what is installed could not be told: ${messageOf(error)}`)
        failed = true
        await realWait(RETRY_MS, signal)
        continue
      }
    }
    await next
  }
}
