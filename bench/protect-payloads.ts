import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import { loadRules } from '../src/protect/seclang/load.ts'
import { ask, encoded } from '../src/protect/testing/ask.ts'
import type { Waf } from '../src/protect/transaction.ts'
import type { BenchPart, BenchResult } from './result.ts'

/** Files of one payload a line; attacks but for `benign`. */
const PAYLOADS = ['sqli', 'xss', 'benign'] as const

/**
 * Sends published attacks and everyday values, each as an argument of a browser's GET, through our own rules and through the Core Rule Set at each level of
 * paranoia, and counts what would be stopped. A line that is written for a URL goes as it is, another encoded. The result is the share of attacks that our own
 * rules stop at level 1; shares of all sets are its parts.
 */
export async function protectPayloads(): Promise<BenchResult> {
  const folder = sharedData('waf/payloads')
  const crs = sharedData('crs')
  if (folder === undefined || crs === undefined) throw new Error('../shared/data is absent: nothing to send')
  const own = globSync(fileURLToPath(new URL('../content/protect/*.conf', import.meta.url))).sort()
  const published = [`${crs}/crs-setup.conf.example`, ...globSync(`${crs}/rules/*.conf`).sort()]
  const parts: BenchPart[] = []
  for (const level of ['1', '2', '3', '4']) {
    if (level !== '4')
      parts.push(...partsOf(folder, `own rules ${level}`, loadRules({ files: own, set: { 'tx.kanpeki_paranoia': level } }).waf))
    const set = { 'tx.blocking_paranoia_level': level, 'tx.detection_paranoia_level': level }
    parts.push(...partsOf(folder, `CRS ${level}`, loadRules({ files: published, set }).waf))
  }
  const attacks = parts.filter(({ what }) => what.startsWith('own rules 1') && !what.endsWith('benign'))
  const numerator = attacks.reduce((sum, part) => sum + part.numerator, 0)
  const denominator = attacks.reduce((sum, part) => sum + part.denominator, 0)
  const rssMb = Math.round(process.memoryUsage().rss / 1e6)
  return { name: 'protect-payloads', ratio: numerator / denominator, numerator, denominator, unit: 'attacks', rssMb, parts }
}

function partsOf(folder: string, name: string, waf: Waf): BenchPart[] {
  return PAYLOADS.map((kind) => {
    const lines = readFileSync(`${folder}/${kind}.txt`, 'latin1')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    const stopped = lines.filter((line) => {
      const asItIs = /^[\w%.+~*()!'&=-]+$/.test(line) && /%[0-9a-fA-F]{2}/.test(line)
      return ask(waf, { target: `/search?q=${asItIs ? line : encoded(line)}` }).interruption !== undefined
    }).length
    return {
      what: `${name} ${kind}`,
      ratio: stopped / lines.length,
      numerator: stopped,
      denominator: lines.length,
      unit: 'lines',
    }
  })
}
