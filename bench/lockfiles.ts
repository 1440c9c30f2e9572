import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './result.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const RUNS = 3

/**
 * Our own package-lock.json as a CycloneDX bill: `kanpeki scan dir` against cdxgen (`--cdxgen FILE`, its bin/cdxgen.js; `npm install
 * @cyclonedx/cdxgen` anywhere), each the least CPU of three runs, programs started anew. Both must name the same packages.
 */
export async function lockfiles(flags: readonly string[]): Promise<BenchResult> {
  const at = flags.indexOf('--cdxgen')
  const cdxgen = at < 0 ? undefined : flags[at + 1]
  if (cdxgen === undefined || !existsSync(cdxgen))
    throw new Error('Name cdxgen: npm run bench -- lockfiles --cdxgen node_modules/@cyclonedx/cdxgen/bin/cdxgen.js')
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-lockfiles-'))
  try {
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, name), join(folder, name))
    const theirs = join(folder, 'theirs.json')
    const own = cheapest(() =>
      cpuOf([join(ROOT, 'dist/cli/main.js'), 'scan', 'dir', '--format', 'cyclonedx', '--data', join(folder, 'none'), folder]),
    )
    const other = cheapest(() =>
      cpuOf([cdxgen, '-t', 'npm', '--no-install-deps', '--no-babel', '--no-recurse', '-o', theirs, folder]),
    )
    const [mine, peer] = [packagesIn(own.out), packagesIn(readFileSync(theirs, 'utf8'))]
    const [more, less] = [[...mine].filter((one) => !peer.has(one)), [...peer].filter((one) => !mine.has(one))]
    console.error(
      `${mine.size} packages against ${peer.size}; only here: ${more.join(' ') || 'none'}; only there: ${less.join(' ') || 'none'}`,
    )
    return {
      name: 'lockfiles',
      ratio: other.seconds / own.seconds,
      numerator: mine.size / own.seconds,
      denominator: peer.size / other.seconds,
      unit: 'packages/s of CPU',
      rssMb: Math.round(process.memoryUsage().rss / 1e6),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Ran {
  readonly seconds: number
  readonly out: string
}

function cheapest(run: () => Ran): Ran {
  return Array.from({ length: RUNS }, run).toSorted((a, b) => a.seconds - b.seconds)[0]!
}

/** Of a program and what it starts, by the system's own account. */
function cpuOf(args: readonly string[]): Ran {
  const { stdout, stderr, error } = spawnSync('/bin/sh', ['-c', '"$0" "$@"; times >&2', process.execPath, ...args], {
    encoding: 'utf8',
    maxBuffer: 256 * 2 ** 20,
  })
  if (error !== undefined) throw error
  const [user, system] = [...(stderr.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  )
  return { seconds: (user ?? 0) + (system ?? 0), out: stdout }
}

function packagesIn(text: string): ReadonlySet<string> {
  const { components } = JSON.parse(text) as { components: readonly { purl?: string; version?: string }[] }
  return new Set(
    components.flatMap(({ purl, version }) => (purl === undefined || !version ? [] : [decodeURIComponent(purl.split('?')[0]!)])),
  )
}
