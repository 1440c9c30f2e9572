import { parentPort, workerData } from 'node:worker_threads'
import type { LogSource } from '../../detect/engines/sigma/rule.ts'
import { classifier } from '../../detect/engines/sigma/shapes/registry.ts'
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
  /** How many parts were taken, by all threads: whoever counts on takes the next. */
  readonly taken: Int32Array<SharedArrayBuffer>
}

/** A detection thread: loads the same rules as the main thread and takes parts as long as there are some. */
const setup = workerData as WorkerSetup
const chosen = chooseRules(setup.choice)
const classify = classifier(setup.assume, chosen.pipelines)

parentPort?.once('message', async ({ parts, silent, watched, taken }: WorkerRun) => {
  const program = new RuleProgram(chosen.rules, chosen.falco, { silent, classify })
  const runner = { program, watched, parsers: lineParsers, now: setup.now }
  for (let index = Atomics.add(taken, 0, 1); index < parts.length; index = Atomics.add(taken, 0, 1))
    parentPort?.postMessage({ index, result: await runPart(parts[index]!, runner) })
})
