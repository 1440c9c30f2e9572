import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { loadRuleFiles } from '../src/detect/engines/sigma/load/read-files.ts'
import { compileSigma, type SigmaProgram } from '../src/detect/engines/sigma/match/program.ts'
import type { RuleInfo } from '../src/kernel/detection.ts'
import type { JsonObject } from '../src/kernel/json.ts'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import type { BenchResult } from './result.ts'

/** A recording with an attack in it, and the techniques that it was labelled with. */
interface Recording {
  readonly name: string
  readonly path: string
  readonly techniques: readonly string[]
}

/** How a rule's detections stand to the labels of the recordings that it spoke in. */
interface Tally {
  readonly rule: RuleInfo
  /** Events in recordings labelled with one of the rule's techniques, or with its parent or a part of it. */
  labelled: number
  /** Events in all others: background, or a part of the attack that nobody labelled. */
  others: number
  readonly files: Set<string>
}

/**
 * All of SigmaHQ's rules over the labelled recordings: in how many is an alert with the labelled technique raised, or with its parent.
 * Rules that spoke where no label asks for them go to standard error, the noisiest first. Recordings without a label are only listened to.
 */
export async function recordings(): Promise<BenchResult> {
  const folder = sharedData('events/windows')
  const rules = sharedData('sigma/rules')
  if (folder === undefined || rules === undefined) throw new Error('../shared/data is absent: nothing to read')
  const program = compileSigma(loadRuleFiles([rules]).rules)
  const tallies = new Map<string, Tally>()
  let events = 0
  let labelled = 0
  let exact = 0
  let byParent = 0
  for (const recording of recordingsIn(folder)) {
    const raised = new Set<string>()
    for (const doc of documentsOf(recording.path)) {
      events += 1
      for (const { info } of program.match(doc)) {
        for (const technique of info.techniques) raised.add(technique)
        count(tallies, info, recording)
      }
    }
    if (recording.techniques.length === 0) continue
    labelled += 1
    const isExact = recording.techniques.some((technique) => raised.has(technique))
    const isParent = recording.techniques.some((technique) => [...raised].some((other) => parent(other) === parent(technique)))
    if (isExact) exact += 1
    if (isParent) byParent += 1
    const verdict = isExact ? 'exact' : isParent ? 'parent' : 'missed'
    console.error(`${verdict.padEnd(7)} ${recording.name}: ${recording.techniques.join(', ')}`)
  }
  if (labelled === 0 || events === 0) throw new Error('no labelled recording was read: the benchmark measures nothing')
  const noisy = [...tallies.values()].filter(({ others }) => others > 0).sort((a, b) => b.others - a.others)
  const all = [...tallies.values()].reduce((sum, tally) => sum + tally.labelled + tally.others, 0)
  const unasked = noisy.reduce((sum, { others }) => sum + others, 0)
  console.error(
    `\nexact ${exact} of ${labelled}, by parent ${byParent} of ${labelled}; ${events} events, ${all} matches of ${tallies.size} rules`,
  )
  console.error(`${unasked} matches of ${noisy.length} rules are not asked for by any label:`)
  for (const { rule, others, files } of noisy)
    console.error(`${String(others).padStart(6)}  ${rule.level.padEnd(13)} ${rule.title} (${files.size} recordings)`)
  listen(program)
  return {
    name: 'recordings',
    ratio: exact / labelled,
    numerator: exact,
    denominator: labelled,
    unit: 'recordings',
    beside: { what: 'by parent', ratio: byParent / labelled, denominator: labelled },
    rssMb: process.memoryUsage.rss() / 1024 ** 2,
  }
}

/** The mixed file holds parts of many recordings and no labels: only how often rules spoke can be said. */
function listen(program: SigmaProgram): void {
  const path = sharedData('events/mixed-20k.jsonl.gz')
  if (path === undefined) return
  const spoke = new Map<string, number>()
  let events = 0
  for (const doc of documentsOf(path)) {
    events += 1
    for (const { info } of program.match(doc))
      spoke.set(`${info.level.padEnd(13)} ${info.title}`, (spoke.get(`${info.level.padEnd(13)} ${info.title}`) ?? 0) + 1)
  }
  const all = [...spoke].sort((a, b) => b[1] - a[1])
  console.error(
    `\nmixed-20k, unlabelled: ${all.reduce((sum, [, times]) => sum + times, 0)} matches of ${all.length} rules over ${events} events:`,
  )
  for (const [rule, times] of all) console.error(`${String(times).padStart(6)}  ${rule}`)
}

function count(tallies: Map<string, Tally>, rule: RuleInfo, { name, techniques }: Recording): void {
  const tally = tallies.get(rule.id) ?? { rule, labelled: 0, others: 0, files: new Set<string>() }
  tallies.set(rule.id, tally)
  if (rule.techniques.some((one) => techniques.some((other) => parent(one) === parent(other)))) tally.labelled += 1
  else {
    tally.others += 1
    tally.files.add(name)
  }
}

/** `T1059.001` → `T1059`. */
function parent(technique: string): string {
  return technique.split('.')[0]!
}

function recordingsIn(folder: string): Recording[] {
  const labels = new Map(
    readFileSync(`${folder}/LABELS.tsv`, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => {
        const [file = '', , techniques = ''] = line.split('\t')
        return [file, techniques.split(',').filter((technique) => technique !== 'T0000')] as const
      }),
  )
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .map((name) => ({ name, path: `${folder}/${name}`, techniques: labels.get(name) ?? [] }))
}

function* documentsOf(path: string): Generator<JsonObject> {
  for (const line of gunzipSync(readFileSync(path)).toString('utf8').split('\n'))
    if (line !== '') yield JSON.parse(line) as JsonObject
}
