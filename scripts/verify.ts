/**
 * Lint, types, build and every test this machine can run; says what was left out and why.
 * Ends with the line `N passed, N failed, N skipped`; lint, types and build count as one case each.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly numTotalTestSuites: number
  readonly numFailedTestSuites: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

let passed = 0
let failed = 0
let skipped = 0

/** Runs one step, and shows what it said when it has ended. */
async function step(name: string, script: string, ...args: readonly string[]): Promise<void> {
  const started = performance.now()
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => said.push(bytes))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (code === 0) passed += 1
  else failed += 1
  process.stderr.write(Buffer.concat(said))
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
}

// Each of them uses one core for most of its time.
await Promise.all([
  step('lint', 'scripts/lint.ts'),
  step('types', 'node_modules/typescript/bin/tsc', '-b', 'tsconfig.check.json', 'web/tsconfig.json').then(() =>
    step('build', 'scripts/build.ts'),
  ),
])

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-verify-'))
const file = join(folder, 'report.json')
const tests = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
  { stdio: 'inherit' },
)
if (existsSync(file)) {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  passed += report.numPassedTests
  failed += report.numFailedTests
  skipped += report.numPendingTests + report.numTodoTests
  // A file that could not even be loaded has no case to count: it is a failure all the same.
  for (const result of report.testResults) {
    if (result.status === 'failed' && result.assertionResults.every((one) => one.status !== 'failed')) {
      failed += 1
      console.log(`FAIL ${result.name}: ${result.message.split('\n')[0]}`)
    }
    for (const one of result.assertionResults)
      if (one.status === 'skipped' || one.status === 'pending') console.log(`left out: ${one.fullName}`)
  }
  if (report.numPassedTests === 0) failed += 1
} else failed += 1
if (tests.status !== 0 && failed === 0) failed += 1
rmSync(folder, { recursive: true, force: true })

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed === 0 ? 0 : 1)
