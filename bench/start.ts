import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Running, startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { cpuTimes } from './cpu-time.ts'
import { residentMb } from './resident.ts'
import type { BenchPart, BenchResult } from './result.ts'

const IDLE_MS = 15_000
/** What the second start may take, and what an idle server may hold, megabytes. */
const ALLOWED_SECONDS = 5

/**
 * How long a second start takes until its page answers, against the five seconds that it may; memory after fifteen idle seconds. Its parts
 * are the CPU time of the first start, which makes the schema and the keys, and of the second: they stay the same beside other work.
 */
export async function start(): Promise<BenchResult> {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  try {
    const once = await startServer(data)
    const first = cpuPart('the first start', once)
    await once.stop()
    const began = performance.now()
    const server = await startServer(data)
    const page = await fetch(server.url)
    await page.text()
    const seconds = (performance.now() - began) / 1000
    if (page.status !== 200) throw new Error(`the page answered ${page.status}: is the console built?`)
    const second = cpuPart('the second start', server)
    await pause(IDLE_MS)
    const rssMb = residentMb(server.pid)
    await server.stop()
    const ratio = ALLOWED_SECONDS / seconds
    return { name: 'start', ratio, numerator: ALLOWED_SECONDS, denominator: seconds, unit: 's', rssMb, parts: [first, second] }
  } finally {
    folder.remove()
  }
}

function cpuPart(what: string, { pid }: Running): BenchPart {
  const seconds = [...cpuTimes(pid).values()].reduce((sum, one) => sum + one, 0)
  return { what, ratio: ALLOWED_SECONDS / seconds, numerator: ALLOWED_SECONDS, denominator: seconds, unit: 'CPU s' }
}
