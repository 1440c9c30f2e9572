import { setTimeout as pause } from 'node:timers/promises'
import { agentBed } from './agent/bed.ts'
import type { BenchResult } from './result.ts'

const ALLOWED_PERCENT = 1
const SETTLE_MS = 90_000

/**
 * What an agent with its defaults takes where nothing happens: CPU time over minutes (`--minutes N`, 5 unless said), from the
 * kernel's own account, and resident memory. It sees a host of its own (processes, network, temporary folders), so that other
 * work on this machine is none of its; `--here` has it look at the machine as it is. Needs root, and the server beside it is not counted.
 */
export async function agentIdle(flags: readonly string[]): Promise<BenchResult> {
  const at = flags.indexOf('--minutes')
  const minutes = at < 0 ? 5 : Number(flags[at + 1])
  const bed = await agentBed({ alone: !flags.includes('--here') })
  try {
    await pause(SETTLE_MS)
    const shares: number[] = []
    let most = 0
    for (let minute = 0; minute < minutes; minute++) {
      const [cpu, began] = [bed.cpu(), performance.now()]
      await pause(60_000)
      const share = ((bed.cpu() - cpu) / ((performance.now() - began) / 1_000)) * 100
      most = Math.max(most, bed.memory().now)
      shares.push(share)
      process.stderr.write(`minute ${minute + 1}: ${share.toFixed(2)} % of a core, ${bed.memory().now.toFixed(0)} MB\n`)
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    return {
      name: 'agent-idle',
      ratio: ALLOWED_PERCENT / mean,
      numerator: ALLOWED_PERCENT,
      denominator: mean,
      unit: '% of a core',
      rssMb: most,
    }
  } finally {
    await bed.close()
  }
}
