import { parentPort, workerData } from 'node:worker_threads'
import type { Pipelines } from '../../detect/engines/sigma/pipelines/pipelines.ts'
import type { LogSource, SigmaRule } from '../../detect/engines/sigma/rule.ts'
import { classifier } from '../../detect/engines/sigma/shapes/registry.ts'
import { falcoRules } from '../../detect/falco-program.ts'
import type { FilePart } from '../../detect/input/read-part.ts'
import { RuleProgram } from '../../detect/rule-program.ts'
import { lineParsers } from './parsers.ts'
import { chooseRules, type RuleChoice } from './rules.ts'
import { runPart } from './run-file.ts'

export interface WorkerSetup {
  readonly choice: RuleChoice
  readonly assume: LogSource | undefined
  readonly now: number
}

/** What a thread is given once the main one knows it. */
export interface WorkerRun {
  readonly parts: readonly FilePart[]
  readonly silent: ReadonlySet<string>
  readonly watched: ReadonlySet<string>
  /** Those of the main thread (portable-rules.ts); undefined when there are others beside them, that no message can carry. */
  readonly rules: readonly SigmaRule[] | undefined
  readonly pipelines: Pipelines
  /** How many parts were taken, by all threads: whoever counts on takes the next. */
  readonly taken: Int32Array<SharedArrayBuffer>
}

/** A detection thread: takes parts as long as there are some. */
const setup = workerData as WorkerSetup

parentPort?.once('message', async ({ parts, silent, watched, rules, pipelines, taken }: WorkerRun) => {
  const chosen = rules === undefined ? chooseRules(setup.choice) : { rules, falco: falcoRules([]) }
  const program = new RuleProgram(chosen.rules, chosen.falco, { silent, classify: classifier(setup.assume, pipelines) })
  const runner = { program, watched, parsers: lineParsers, now: setup.now }
  for (let index = Atomics.add(taken, 0, 1); index < parts.length; index = Atomics.add(taken, 0, 1))
    parentPort?.postMessage({ index, result: await runPart(parts[index]!, runner) })
})
