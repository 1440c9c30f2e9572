import { loadRuleFiles } from '../src/detect/engines/sigma/load/read-files.ts'
import { compileSigma, type SigmaProgram } from '../src/detect/engines/sigma/match/program.ts'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import { mixedLines } from '../test/support/mixed.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 5
const WARM_UP = 5_000

/**
 * Events a second from bytes through all of SigmaHQ's Windows rules, against `JSON.parse` alone over the same lines as text in the same
 * run: one core, CPU time, the best of the rounds on either side. Each line is read as JSON completely, as `kanpeki detect` does. Beside it:
 * the same rate with every tenth rule.
 */
export async function detect(): Promise<BenchResult> {
  const lines = mixedLines()
  const folder = sharedData('sigma/rules')
  if (lines === undefined || folder === undefined) throw new Error('../shared/data is absent: nothing to read')
  const rules = compileSigma(loadRuleFiles([folder]).rules, { where: { product: 'windows' } }).rules
  const program = compileSigma(rules)
  const tenth = compileSigma(rules.filter((_, at) => at % 10 === 0))
  let parsed = 0
  let matched = 0
  const alone = (line: string): void => {
    parsed += JSON.parse(line) === null ? 0 : 1
  }
  const through = (rules: SigmaProgram, line: Buffer): void => {
    if (!rules.scan.read(line, 0, line.length)) throw new Error('a line is no event')
    matched += rules.matchScan().length
  }
  const bytes = lines.map((line) => Buffer.from(line))
  for (const [at, line] of lines.slice(0, WARM_UP).entries()) {
    alone(line)
    through(program, bytes[at]!)
    through(tenth, bytes[at]!)
  }
  let parse = Number.POSITIVE_INFINITY
  let all = Number.POSITIVE_INFINITY
  let few = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    parse = Math.min(
      parse,
      cpuSeconds(() => lines.forEach(alone)),
    )
    all = Math.min(
      all,
      cpuSeconds(() => {
        for (const line of bytes) through(program, line)
      }),
    )
    few = Math.min(
      few,
      cpuSeconds(() => {
        for (const line of bytes) through(tenth, line)
      }),
    )
  }
  if (parsed === 0 || matched === 0) throw new Error('nothing was parsed or matched: the benchmark measures nothing')
  const numerator = lines.length / all
  const denominator = lines.length / parse
  return {
    name: 'detect',
    ratio: numerator / denominator,
    numerator,
    denominator,
    unit: 'events/s',
    rssMb: process.memoryUsage.rss() / 1024 ** 2,
    beside: {
      what: `a tenth of the rules, ${tenth.rules.length} of ${rules.length}`,
      ratio: few / all,
      denominator: lines.length / few,
    },
  }
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
