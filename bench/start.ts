import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'

const IDLE_MS = 15_000
/** What the second start may take, and what an idle server may hold, megabytes. */
const ALLOWED_SECONDS = 5

/** How long a second start takes until its page answers, against the five seconds that it may; memory after fifteen idle seconds. */
export async function start(): Promise<BenchResult> {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  try {
    await (await startServer(data)).stop()
    const began = performance.now()
    const server = await startServer(data)
    const page = await fetch(server.url)
    await page.text()
    const seconds = (performance.now() - began) / 1000
    if (page.status !== 200) throw new Error(`the page answered ${page.status}: is the console built?`)
    await pause(IDLE_MS)
    const rssMb = residentMb(server.pid)
    await server.stop()
    return { name: 'start', ratio: ALLOWED_SECONDS / seconds, numerator: ALLOWED_SECONDS, denominator: seconds, unit: 's', rssMb }
  } finally {
    folder.remove()
  }
}
