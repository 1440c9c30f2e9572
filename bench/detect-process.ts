import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import { ROOT, temporaryFolder } from '../test/support/kanpeki.ts'
import { mixedLines } from '../test/support/mixed.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 3
const REPEATED = 3
const PARSE = `const lines = require('node:fs').readFileSync(process.argv[1], 'utf8').split('\\n').filter(Boolean)
for (const line of lines.slice(0, 5000)) JSON.parse(line)
const before = process.cpuUsage()
for (const line of lines) JSON.parse(line)
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1e6)`

/** Runs one command on one core where that can be had, and gives its CPU seconds, all threads together. */
function cpuOf(args: readonly string[]): number {
  const timed = `before=$(cat /proc/$$/stat); "$@" >/dev/null 2>&1; after=$(cat /proc/$$/stat); echo "$before"; echo "$after"`
  const { stdout } = spawnSync('taskset', ['-c', '0', 'sh', '-c', timed, 'sh', ...args], { cwd: ROOT, encoding: 'utf8' })
  // Fields 16 and 17 of /proc/PID/stat: what children that have ended used, in hundredths of a second.
  const [before = 0, after = 0] = stdout
    .trim()
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf(')') + 2).split(' '))
    .map((fields) => (Number(fields[13]) + Number(fields[14])) / 100)
  return after - before
}

/**
 * `kanpeki detect` as a process over `mixed-20k` three times over, without what it takes for one event (start, loading rules), against
 * `JSON.parse` alone in a process of its own. CPU time of all threads on one core, what the engine's compiler and collector take
 * included; the best of the rounds on each side. Linux only.
 */
export async function detectProcess(): Promise<BenchResult> {
  const lines = mixedLines()
  const rules = sharedData('sigma/rules')
  if (lines === undefined || rules === undefined) throw new Error('../shared/data is absent: nothing to read')
  const folder = temporaryFolder()
  try {
    const all = join(folder.path, 'all.jsonl')
    const one = join(folder.path, 'one.jsonl')
    writeFileSync(all, `${lines.join('\n')}\n`.repeat(REPEATED))
    writeFileSync(one, `${lines[0]}\n`)
    const detect = (file: string, ...more: readonly string[]): readonly string[] => [
      join(ROOT, 'kanpeki'),
      'detect',
      ...['--rules', rules, '--where', 'product=windows', '--threads', '1', '--format', 'jsonl', ...more, file],
    ]
    const summary = join(folder.path, 'summary.json')
    cpuOf(detect(all, '--summary', summary))
    const { records, detections } = JSON.parse(readFileSync(summary, 'utf8')) as { records: number; detections: number }
    if (records !== lines.length * REPEATED || detections === 0)
      throw new Error(`${records} records and ${detections} detections`)
    const best = (measure: () => number): number => Math.min(...Array.from({ length: ROUNDS }, measure))
    const began = best(() => cpuOf(detect(one)))
    const ran = best(() => cpuOf(detect(all))) - began
    const parsed = best(() => Number(spawnSync(process.execPath, ['-e', PARSE, all], { encoding: 'utf8' }).stdout))
    process.stderr.write(
      `${ran.toFixed(2)} s of CPU without ${began.toFixed(2)} s for the start and the rules; ${detections} detections\n`,
    )
    return {
      name: 'detect-process',
      ratio: parsed / ran,
      numerator: records / ran,
      denominator: records / parsed,
      unit: 'events/s',
      rssMb: 0,
    }
  } finally {
    folder.remove()
  }
}
