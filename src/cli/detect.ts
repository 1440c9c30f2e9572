import { statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { RuleStats } from '../detect/engines/correlation/rule-windows.ts'
import { formerIds } from '../detect/engines/sigma/load/related.ts'
import { classifier } from '../detect/engines/sigma/shapes/registry.ts'
import { type FilePart, splitFile } from '../detect/input/read-part.ts'
import type { Unreadable } from '../detect/input/record.ts'
import { RuleProgram } from '../detect/rule-program.ts'
import type { Refusal } from '../kernel/detection.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { FileCorrelation } from './detect/correlate.ts'
import { formatterOf } from './detect/format.ts'
import type { Hit } from './detect/hit.ts'
import { optimiseLate } from './detect/optimise-late.ts'
import { type DetectOptions, detectOptions, USAGE } from './detect/options.ts'
import { Output } from './detect/output.ts'
import { lineParsers } from './detect/parsers.ts'
import { Helpers } from './detect/pool.ts'
import { portableRules } from './detect/portable-rules.ts'
import { Progress } from './detect/progress.ts'
import { type ChosenRules, chooseRules, reportedLevel } from './detect/rules.ts'
import { type PartResult, runPart } from './detect/run-file.ts'
import { EXIT, guarded } from './options.ts'
import { plain } from './terminal-text.ts'

const EXIT_UNREADABLE = 2
/** Below this much input a second thread costs more (it loads the rules again) than it brings. */
const THREAD_WORTH = 192 << 20
/** So that threads end at about the same time. */
const PARTS_A_THREAD = 4
const MOST_NAMED = 20

/** `kanpeki detect`: Sigma and Falco rules over files. Resolves with the exit code. */
export function detectCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const options = detectOptions(args)
    if (options === undefined) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    optimiseLate()
    return await detect(options)
  }, EXIT_UNREADABLE)
}

/** What a run counts. `records` are those that were read; `unreadable` those that were not. */
interface Tally {
  records: number
  detections: number
  readonly unreadable: Unreadable[]
  failedFiles: number
}

/** What is read, by whom. */
interface Work {
  readonly parts: readonly FilePart[]
  readonly helpers: Helpers | undefined
  /** Milliseconds UTC: what formats without a year or date are completed from. */
  readonly now: number
}

async function detect(options: DetectOptions): Promise<number> {
  const work = divided(options)
  try {
    return await detectIn(options, work)
  } finally {
    await work.helpers?.end()
  }
}

/** Other threads begin before this one loads the rules. */
function divided(options: DetectOptions): Work {
  const { files, rules, where, pipelines, placeholders, level, assume } = options
  const threads = options.threads ?? suggestedThreads(files)
  const parts = files.flatMap((file) => splitFile(file, threads * PARTS_A_THREAD))
  const now = Date.now()
  // Only the main thread has standard input.
  const isShared = threads > 1 && parts.length > 1 && !files.includes('-')
  const choice = { rules, where, pipelines, placeholders, level }
  return {
    parts,
    now,
    helpers: isShared ? new Helpers(Math.min(threads, parts.length) - 1, { choice, assume, now }) : undefined,
  }
}

async function detectIn(options: DetectOptions, work: Work): Promise<number> {
  const started = performance.now()
  const chosen = chooseRules(options)
  const correlation = await correlationOf(chosen)
  const refused = [...chosen.refused, ...(correlation?.compiled.refused ?? [])]
  reportRefused(refused)
  const tally: Tally = { records: 0, detections: 0, unreadable: [], failedFiles: 0 }
  const loaded = chosen.rules.length + chosen.falco.rules.length + (correlation?.compiled.program.rules.length ?? 0)
  if (loaded > 0) await run(options, work, chosen, correlation, tally)
  else
    process.stderr.write(
      `kanpeki: no rule was loaded from ${options.rules.join(', ')}. Remedy: check --rules, --where and --level.\n`,
    )
  const seconds = (performance.now() - started) / 1000
  const correlations = correlation?.compiled.program.stats().rules ?? []
  reportForgotten(correlations)
  const idle = idleRules(chosen)
  writeSummary(options, { loaded, refused, ...tally, seconds, ...(correlations.length === 0 ? {} : { correlations }), ...idle })
  reportEnd(tally, loaded, refused.length, idle.notRunnable?.length ?? 0, seconds)
  if (loaded === 0 || tally.failedFiles > 0) return EXIT_UNREADABLE
  return options.failOnMatch && tally.detections > 0 ? EXIT.failed : EXIT.ok
}

/** The correlation engine is loaded only when there is something to correlate. */
async function correlationOf({ rules, correlations }: ChosenRules): Promise<FileCorrelation | undefined> {
  if (correlations.length === 0) return undefined
  const { FileCorrelation } = await import('./detect/correlate.ts')
  return new FileCorrelation(
    correlations,
    rules.map((rule) => ({ id: rule.info.id, name: rule.name, formerly: formerIds(rule) })),
  )
}

async function run(
  options: DetectOptions,
  { parts, helpers, now }: Work,
  chosen: ChosenRules,
  correlation: FileCorrelation | undefined,
  tally: Tally,
): Promise<void> {
  const silent = correlation?.compiled.program.silent ?? new Set<string>()
  const watched = correlation?.compiled.program.watched ?? new Set<string>()
  if (helpers !== undefined) {
    const rules = chosen.falco.rules.length === 0 ? portableRules(chosen.rules) : undefined
    helpers.begin({ parts, silent, watched, rules, pipelines: chosen.pipelines })
  }
  const program = new RuleProgram(chosen.rules, chosen.falco, {
    silent,
    classify: classifier(options.assume, chosen.pipelines),
  })
  const output = new Output()
  const formatter = formatterOf(options.format, { colour: process.stdout.isTTY === true })
  const progress = new Progress(parts.length, performance.now())
  const isReported = reportedLevel(options.level)
  const print = (hit: Hit) => {
    if (!isReported(hit.rule.level)) return
    tally.detections += 1
    output.write(formatter.hit(hit))
  }
  const above = new Map<string, { records: number; lines: number }>()
  const take = (index: number, result: PartResult) => {
    const { file, from } = parts[index]!
    // A file that is named twice is counted from one each time.
    const before = (from === undefined || from === 0 ? undefined : above.get(file)) ?? { records: 0, lines: 0 }
    above.set(file, { records: before.records + result.records, lines: before.lines + result.lines })
    report(result, file, before, tally)
    for (const hit of result.hits)
      print({ rule: program.rules[hit.rule]!, input: { file, record: before.records + hit.record }, fields: hit.fields })
    correlation?.add(
      file,
      result.base.map((event) => ({ ...event, record: before.records + event.record })),
    )
    progress.show(index + 1, tally.records, performance.now())
  }
  const runner = { program, parsers: lineParsers, watched, now }
  const here = (part: FilePart) => runPart(part, runner)
  const isClosed = () => output.closed
  if (helpers === undefined) await runInOrder(parts, here, take, isClosed)
  else await helpers.run(parts, here, take, isClosed)
  for (const hit of correlation?.run(program) ?? []) print(hit)
  progress.clear()
  output.write(formatter.end())
  output.flush()
}

async function runInOrder(
  parts: readonly FilePart[],
  run: (part: FilePart) => Promise<PartResult>,
  take: (index: number, result: PartResult) => void,
  isClosed: () => boolean,
): Promise<void> {
  for (const [index, part] of parts.entries()) {
    if (isClosed()) return
    take(index, await run(part))
  }
}

function report(result: PartResult, file: string, before: { readonly lines: number }, tally: Tally): void {
  tally.records += result.readRecords
  if (result.failed) tally.failedFiles += 1
  for (const each of result.unreadable) {
    const placed = each.line === undefined ? each : { ...each, line: each.line + before.lines }
    tally.unreadable.push(placed)
    if (tally.unreadable.length > MOST_NAMED) continue
    process.stderr.write(`kanpeki: ${plain(`${file}${placed.line === undefined ? '' : `:${placed.line}`}: ${placed.reason}`)}\n`)
  }
}

function suggestedThreads(files: readonly string[]): number {
  let bytes = 0
  for (const file of files) bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return Math.max(1, Math.min(availableParallelism(), Math.floor(bytes / THREAD_WORTH) + 1))
}

function reportRefused(refused: readonly Refusal[]): void {
  if (process.stderr.isTTY !== true) return
  for (const { file, line, reason } of refused.slice(0, MOST_NAMED))
    process.stderr.write(`refused ${plain(`${file}:${line}: ${reason}`)}\n`)
  if (refused.length > MOST_NAMED)
    process.stderr.write(`… and ${refused.length - MOST_NAMED} more refused rules (--summary FILE names all)\n`)
}

/** A bound that bites is said: what was forgotten may have been part of a detection. */
function reportForgotten(correlations: readonly RuleStats[]): void {
  for (const { title, evictedEvents, evictedGroups } of correlations.filter((rule) => rule.evictedEvents > 0))
    process.stderr.write(
      `kanpeki: the correlation '${title}' had to forget ${evictedEvents} events (${evictedGroups} whole groups) that it could still have needed\n`,
    )
}

/** Rules that are loaded and say nothing: those whose fields no event here has, and those that their author switched off. */
function idleRules({ falco }: ChosenRules): Pick<Summary, 'notRunnable' | 'off'> {
  const infos = falco.rules.map(({ info }) => info)
  const notRunnable = infos.flatMap(({ id, file, missing }) => (missing === undefined ? [] : [{ id, file, fields: missing }]))
  const off = infos.flatMap(({ id, off }) => (off === true ? [id] : []))
  return { ...(notRunnable.length === 0 ? {} : { notRunnable }), ...(off.length === 0 ? {} : { off }) }
}

interface Summary {
  readonly loaded: number
  readonly refused: readonly Refusal[]
  readonly seconds: number
  /** What became of the events that correlations were shown; absent where there are none, as the others are. */
  readonly correlations?: readonly RuleStats[]
  readonly notRunnable?: readonly { readonly id: string; readonly file: string; readonly fields: readonly string[] }[]
  readonly off?: readonly string[]
}

function reportEnd(tally: Tally, loaded: number, refused: number, idle: number, seconds: number): void {
  const unreadable = tally.unreadable.length
  const parts = [
    `${tally.records} records`,
    `${tally.detections} detections`,
    `${loaded} rules`,
    ...(refused === 0 ? [] : [`${refused} rules refused`]),
    ...(idle === 0 ? [] : [`${idle} rules cannot run on any event here (--summary FILE names their fields)`]),
    ...(unreadable === 0 ? [] : [`${unreadable} unreadable`]),
  ]
  process.stderr.write(`kanpeki: ${parts.join(', ')} in ${seconds.toFixed(1)} s\n`)
}

function writeSummary(options: DetectOptions, tally: Tally & Summary): void {
  if (options.summary === undefined) return
  const { loaded, refused, records, unreadable, detections, seconds, correlations, notRunnable, off } = tally
  try {
    writeFileSync(
      options.summary,
      `${JSON.stringify({ loaded, refused, records, unreadable, detections, seconds, correlations, notRunnable, off })}\n`,
    )
  } catch (error) {
    throw new KanpekiError('summary-unwritable', `cannot write the summary: ${messageOf(error)}`, {
      place: { file: options.summary },
    })
  }
}
