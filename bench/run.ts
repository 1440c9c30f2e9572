/** `npm run bench -- NAME [--json] [options]`: one benchmark by name. Build first (`npm run build`): those that start a server run dist/. */
import { added } from './added.ts'
import { agentIdle } from './agent-idle.ts'
import { agentProcesses } from './agent-processes.ts'
import { behaviour } from './behaviour.ts'
import { declare } from './declare.ts'
import { detect } from './detect.ts'
import { detectProcess } from './detect-process.ts'
import { inUse } from './in-use.ts'
import { ingest } from './ingest.ts'
import { ingestSmall } from './ingest-small.ts'
import { integrity } from './integrity.ts'
import { latency } from './latency.ts'
import { ledger } from './ledger.ts'
import { lockfiles } from './lockfiles.ts'
import { noise } from './noise.ts'
import { packages } from './packages.ts'
import { protectPayloads } from './protect-payloads.ts'
import { recordings } from './recordings.ts'
import type { BenchResult } from './result.ts'
import { scale } from './scale.ts'
import { start } from './start.ts'
import { vuln } from './vuln.ts'
import { vulnStore } from './vuln-store.ts'
import { waf } from './waf.ts'

type Benchmark = (flags: readonly string[]) => Promise<BenchResult>

/** Every benchmark; a test compares this list with the folder. */
export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  added,
  'agent-idle': agentIdle,
  'agent-processes': agentProcesses,
  behaviour,
  declare,
  detect,
  'detect-process': detectProcess,
  'in-use': inUse,
  ingest,
  'ingest-small': ingestSmall,
  integrity,
  latency,
  ledger,
  lockfiles,
  noise,
  packages,
  'protect-payloads': protectPayloads,
  recordings,
  scale,
  start,
  vuln,
  'vuln-store': vulnStore,
  waf,
}

function describe({ name, ratio, numerator, denominator, unit, rssMb, beside, parts }: BenchResult): string {
  const figure = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3))
  const other =
    beside === undefined ? '' : `; ${beside.ratio.toFixed(3)} of ${beside.what} (${figure(beside.denominator)} ${unit})`
  const each = (parts ?? []).map(
    (part) =>
      `  ${part.what}: ratio ${part.ratio.toFixed(2)} (${figure(part.numerator)} against ${figure(part.denominator)} ${part.unit})\n`,
  )
  return `${each.join('')}${name}: ratio ${ratio.toFixed(3)} (${figure(numerator)} against ${figure(denominator)} ${unit})${other}, ${Math.round(rssMb)} MB resident\n`
}

async function main(): Promise<number> {
  const [name, ...flags] = process.argv.slice(2)
  const benchmark = name !== undefined && Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined
  if (benchmark === undefined) {
    process.stderr.write(`Which one? ${Object.keys(BENCHMARKS).join(', ')}\n`)
    return 64
  }
  const result = await benchmark(flags)
  process.stdout.write(flags.includes('--json') ? `${JSON.stringify(result)}\n` : describe(result))
  return 0
}

if (import.meta.main) process.exitCode = await main()
