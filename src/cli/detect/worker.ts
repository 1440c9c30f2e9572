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
  readonly silent: ReadonlySet<string>
  readonly watched: ReadonlySet<string>
  readonly assume: LogSource | undefined
  readonly now: number
}

/** A detection thread: loads the same rules as its parent and runs the parts it is given, one after the other. */
const setup = workerData as WorkerSetup
const chosen = chooseRules(setup.choice)
const program = new RuleProgram(chosen.rules, chosen.falco, {
  silent: setup.silent,
  classify: classifier(setup.assume, chosen.pipelines),
})
const runner = { program, watched: setup.watched, parsers: lineParsers, now: setup.now }

parentPort?.on('message', async (message: 'end' | { readonly index: number; readonly part: FilePart }) => {
  if (message === 'end') {
    parentPort?.close()
    return
  }
  parentPort?.postMessage({ index: message.index, result: await runPart(message.part, runner) })
})
