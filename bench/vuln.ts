import { loadFeeds } from '../src/assess/feeds/load.ts'
import { assess, type Installed, type Verdicts } from '../src/assess/scan/findings.ts'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import type { BenchResult } from './result.ts'

const ASSETS = 10_000
const PACKAGES = 300
/** Versions of a package that are about: the oldest fixed one, one before all, one after all. */
const VERSIONS = 3

/**
 * Ten thousand assets with three hundred packages each, judged by all advisories at hand: AlmaLinux, Go, PyPI, crates.io. The
 * packages are those that advisories name, at versions before, at and after the fix, and as many that none names. Against
 * reading the same lists as JSON. Seconds of CPU, and what the first look without anything kept costs, go to standard error.
 */
export async function vuln(): Promise<BenchResult> {
  const folder = sharedData('vuln/osv')
  if (folder === undefined) throw new Error('The advisories of ../shared/data are absent.')
  const loading = process.cpuUsage()
  const feeds = await loadFeeds([folder])
  const loaded = seconds(loading)
  const pool = poolOf(feeds.advisories.packages())
  const lists = Array.from({ length: ASSETS }, (_, asset) =>
    Array.from({ length: PACKAGES }, (_, at) => pool[(asset * 7919 + at * 104_729) % pool.length]!),
  )
  const texts = lists.map((list) => JSON.stringify(list))
  const reading = process.cpuUsage()
  let read = 0
  for (const text of texts) read += (JSON.parse(text) as readonly Installed[]).length
  const read_s = seconds(reading)
  const cold = process.cpuUsage()
  assess(pool, feeds)
  const cold_s = seconds(cold)
  const verdicts: Verdicts = new Map()
  const judging = process.cpuUsage()
  let findings = 0
  let judged = 0
  for (const list of lists) {
    const one = assess(list, feeds, verdicts)
    findings += one.findings.length
    judged += one.judged
  }
  const judge_s = seconds(judging)
  console.error(
    `${feeds.advisories.size} advisories loaded in ${loaded.toFixed(1)} s; ${pool.length} packages judged once in ${cold_s.toFixed(2)} s (${((cold_s / pool.length) * 1e6).toFixed(0)} µs each);`,
    `${ASSETS} assets × ${PACKAGES} packages in ${judge_s.toFixed(1)} s of CPU: ${judged} judged, ${findings} findings`,
  )
  return {
    name: 'vuln',
    ratio: judged / judge_s / (read / read_s),
    numerator: judged / judge_s,
    denominator: read / read_s,
    unit: 'packages/s',
    rssMb: Math.round(process.memoryUsage().rss / 1e6),
  }
}

function seconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const TYPES: Readonly<Record<string, string>> = {
  go: 'golang',
  pypi: 'pypi',
  'crates.io': 'cargo',
  'almalinux:8': 'rpm',
  'almalinux:9': 'rpm',
}

/** The packages that advisories name, at versions before, at and after the fix, each followed by one of a name that none knows. */
export function poolOf(
  packages: Iterable<{ readonly ecosystem: string; readonly name: string; readonly fixed: string | undefined }>,
): readonly Installed[] {
  const pool: Installed[] = []
  for (const { ecosystem, name, fixed } of packages) {
    const type = TYPES[ecosystem]
    if (type === undefined) continue
    for (let number = 0; number < VERSIONS; number++) {
      const version = number === 0 || fixed === undefined ? '0.0.1' : number === 1 ? fixed : '9999.0.0'
      for (const named of [name, `${name}-none`]) {
        const path = type === 'rpm' ? `almalinux/${encodeURIComponent(named)}` : named
        const distro = type === 'rpm' ? `?distro=almalinux-${ecosystem.split(':')[1]}` : ''
        pool.push({ name: named, version, purl: `pkg:${type}/${path}@${encodeURIComponent(version)}${distro}`, place: '' })
      }
    }
  }
  return pool
}
