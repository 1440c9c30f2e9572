/**
 * Everything about the sources that needs no run: format and lint rules, the house's import rules, the policy for
 * dependencies.
 */
import { spawnSync } from 'node:child_process'
import { checkTree } from './dependency-policy.ts'

interface Cruise {
  readonly summary: {
    readonly totalCruised: number
    readonly error: number
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string; readonly to: string }[]
  }
}

function run(script: string, ...args: readonly string[]): { status: number; stdout: string } {
  const done = spawnSync(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return { status: done.status ?? 1, stdout: done.stdout }
}

/** Well under what the tree holds and well over nothing. */
const MINIMUM_MODULES = 10
const faults: string[] = []

const biome = run('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--max-diagnostics=40', '.')
process.stderr.write(biome.stdout)
if (biome.status !== 0) faults.push('biome found faults (npm run format mends most)')

const cruised = run(
  'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
  '--config',
  '.dependency-cruiser.cjs',
  '--output-type',
  'json',
  'src',
  'web',
)
const cruise = JSON.parse(cruised.stdout) as Cruise
// Without @swc/core beside TypeScript 7 it reads no module and passes: the count is the proof that it looked.
if (cruise.summary.totalCruised < MINIMUM_MODULES)
  faults.push(`dependency-cruiser read only ${cruise.summary.totalCruised} modules`)
for (const { rule, from, to } of cruise.summary.violations) faults.push(`import rule ${rule.name}: ${from} → ${to}`)

const dependencies = checkTree()
for (const fault of dependencies.faults) faults.push(`dependency ${fault}`)

console.error(
  `lint: ${cruise.summary.totalCruised} modules and ${dependencies.locked} packages (${dependencies.shipped} shipped) looked at, ${faults.length} faults`,
)
for (const fault of faults) console.error(`  ${fault}`)
process.exit(faults.length === 0 ? 0 : 1)
