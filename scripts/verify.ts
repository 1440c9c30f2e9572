/**
 * Lint, types, build and every test this machine can run; says what was left out and why.
 * Ends with the line `N passed, N failed, N skipped`; lint, types and build count as one case each.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { failedFiles, readReport, type TestFile, tallyOf } from './test-report.ts'

/** More files than this do not fail by chance. */
const MOST_AGAIN = 3

let passed = 0
let failed = 0

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

/** @returns what each file of tests did, and whether the runner itself found no fault; undefined where it told nothing. */
async function testFiles(report: string, ...only: readonly string[]) {
  const vitest = 'node_modules/vitest/vitest.mjs'
  const args = [vitest, 'run', ...only, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const files = readReport(report)
  return files === undefined ? undefined : { files, clean: code === 0 }
}

// Each of them uses one core for most of its time.
await Promise.all([
  step('lint', 'scripts/lint.ts'),
  step('types', 'node_modules/typescript/bin/tsc', '-b', 'tsconfig.check.json', 'web/tsconfig.json').then(() =>
    step('build', 'scripts/build.ts'),
  ),
])

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-verify-'))
const first = await testFiles(join(folder, 'report.json'))
let files: readonly TestFile[] = first?.files ?? []
let clean = first?.clean === true
const again = failedFiles(files)
const unsteady: string[] = []
if (again.length > 0 && again.length <= MOST_AGAIN) {
  // Servers, browsers and whole hosts run in these tests, on machines that do other things too: what fails by itself once more is a fault.
  console.log(`run again, by themselves: ${again.map(({ name }) => relative('.', name)).join(', ')}`)
  const second = await testFiles(join(folder, 'again.json'), ...again.map(({ name }) => name))
  if (second !== undefined) {
    clean = second.clean
    for (const file of again) {
      const now = second.files.find(({ name }) => name === file.name)
      if (now === undefined || now.cases.length < file.cases.length || failedFiles([now]).length > 0) continue
      files = files.map((one) => (one.name === file.name ? now : one))
      for (const { fullName, status } of file.cases)
        if (status === 'failed') unsteady.push(`${relative('.', file.name)}: ${fullName}`)
    }
  }
}
rmSync(folder, { recursive: true, force: true })

const tally = tallyOf(files)
for (const problem of tally.unread) console.log(`FAIL ${problem}`)
for (const name of tally.leftOut) console.log(`left out: ${name}`)
for (const name of unsteady) console.log(`unsteady, passed when it was run again by itself: ${name}`)
passed += tally.passed
failed += tally.failed
if (failed === 0 && (!clean || tally.passed === 0)) failed += 1

console.log(`${passed} passed, ${failed} failed, ${tally.skipped} skipped`)
process.exit(failed === 0 ? 0 : 1)
