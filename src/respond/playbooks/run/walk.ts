import { messageOf } from '../../../kernel/error.ts'
import { holds, parseCondition } from '../language/condition.ts'
import type { ActionStep, Playbook, PlaybookStep, Step } from '../language/form.ts'
import { EXTENSION_KEY } from '../language/form.ts'
import { asText, resolve, Variables } from '../language/values.ts'

export type Outcome =
  | { readonly ok: true; readonly output: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** Where in a run a step stands: through branches, rounds of loops and playbooks within playbooks. The same at every walk. */
export type Path = string

/** What a walk asks of whoever runs, plans or tests a playbook. */
export interface Work {
  visited(step: Step, id: string, path: Path): void
  /** Does the step, or says what came of it before. */
  act(step: ActionStep, id: string, path: Path, variables: Variables): Promise<Outcome>
  /** Resolves once a step's delay is over. */
  delayed(step: Step, id: string, path: Path): Promise<void>
  /** The version that this run calls, the same at every walk. */
  playbook(step: PlaybookStep, id: string, path: Path): Promise<Playbook>
  /** How often a loop may go round; Infinity where its condition can change. */
  readonly rounds: number
}

/** The run has to wait: for a time (milliseconds UTC), or where null for somebody. */
export class Suspended extends Error {
  readonly wake: number | null
  constructor(wake: number | null) {
    super('The run waits.')
    this.wake = wake
  }
}

/** The run ends here whatever its playbook says. */
export class Stopped extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** A step failed and nothing was said about that. */
class Unhandled extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export type Walked =
  | { readonly result: 'done'; readonly variables: Variables }
  | { readonly result: 'failed'; readonly code: string; readonly message: string }

const DEEPEST = 5

/**
 * Goes through a playbook from its start. It keeps nothing itself: after a crash or a wait it is walked again from the
 * start, and `act` answers for the steps that are done. So nothing in here may depend on anything but the outcomes.
 * A branch (of parallel, if, while, switch) ends at its end step, or where a loop's body leads back to the loop; then the step
 * that it lies in goes on.
 * @throws Suspended, Stopped.
 */
export async function walk(playbook: Playbook, given: Readonly<Record<string, string>>, work: Work): Promise<Walked> {
  const budget = { left: playbook[EXTENSION_KEY].max_steps }
  return await walkOne(playbook, given, work, '', 0, budget)
}

async function walkOne(
  playbook: Playbook,
  given: Readonly<Record<string, string>>,
  work: Work,
  prefix: Path,
  depth: number,
  budget: { left: number },
): Promise<Walked> {
  const variables = new Variables(playbook.playbook_variables)
  variables.give(given)
  const missing = Object.entries(playbook.playbook_variables).find(
    ([name, one]) => one.external && variables.valueOf(name) === null,
  )
  if (missing !== undefined)
    return { result: 'failed', code: 'no_value', message: `The external variable ${missing[0]} was given no value.` }
  const walker = new Walker(playbook, work, depth, budget)
  try {
    await walker.sequence(playbook.workflow_start, variables, prefix, undefined)
    return { result: 'done', variables }
  } catch (error) {
    if (!(error instanceof Unhandled)) throw error
    const { code, message } = error
    if (playbook.workflow_exception !== undefined) {
      try {
        await walker.sequence(playbook.workflow_exception, variables, `${prefix}!/`, undefined)
      } catch (again) {
        if (!(again instanceof Unhandled)) throw again
      }
    }
    return { result: 'failed', code, message }
  }
}

class Walker {
  readonly #playbook: Playbook
  readonly #work: Work
  readonly #depth: number
  readonly #budget: { left: number }

  constructor(playbook: Playbook, work: Work, depth: number, budget: { left: number }) {
    this.#playbook = playbook
    this.#work = work
    this.#depth = depth
    this.#budget = budget
  }

  async sequence(from: string, outer: Variables, prefix: Path, loop: string | undefined): Promise<void> {
    let at: string | undefined = from
    while (at !== undefined && at !== loop) {
      const id: string = at
      const step: Step = this.#playbook.workflow[id]!
      const path = `${prefix}${id}`
      if (this.#budget.left-- <= 0)
        throw new Stopped('too_many_steps', 'The run went through as many steps as its playbook allows.')
      this.#work.visited(step, id, path)
      if (step.type === 'end') return
      if (step.delay !== undefined) await this.#work.delayed(step, id, path)
      const variables = step.step_variables === undefined ? outer : new Variables(step.step_variables, outer)
      const outcome = await this.#step(step, id, path, variables)
      if (outcome.ok) {
        at = step.on_success ?? step.on_completion
        continue
      }
      at = step.on_failure ?? step.on_completion
      if (at === undefined) throw new Unhandled(outcome.code, outcome.message)
    }
  }

  async #step(step: Step, id: string, path: Path, variables: Variables): Promise<Outcome> {
    switch (step.type) {
      case 'action':
        return this.#take(await this.#work.act(step, id, path, variables), variables)
      case 'playbook-action':
        return await this.#call(step, id, path, variables)
      case 'if-condition': {
        const on = this.#holds(step.condition, variables)
        const branch = on ? step.on_true : step.on_false
        if (branch !== undefined) await this.sequence(branch, variables, `${path}:${on}/`, undefined)
        return NOTHING
      }
      case 'while-condition': {
        for (let round = 0; round < this.#work.rounds && this.#holds(step.condition, variables); round++)
          await this.sequence(step.on_true, variables, `${path}:${round}/`, id)
        return NOTHING
      }
      case 'switch-condition': {
        const value = asText(resolve(step.switch, variables))
        const branch = Object.hasOwn(step.cases, value) ? step.cases[value] : step.cases['default']
        if (branch !== undefined) await this.sequence(branch, variables, `${path}:${branch}/`, undefined)
        return NOTHING
      }
      case 'parallel':
        await this.#parallel(step.next_steps, path, variables)
        return NOTHING
      default:
        return NOTHING
    }
  }

  #holds(condition: string, variables: Variables): boolean {
    return holds(parseCondition(condition), (name) => variables.valueOf(name))
  }

  #take(outcome: Outcome, variables: Variables): Outcome {
    if (!outcome.ok) return outcome
    try {
      for (const [name, value] of Object.entries(outcome.output)) variables.set(name, value)
      return outcome
    } catch (error) {
      return { ok: false, code: 'variable', message: messageOf(error) }
    }
  }

  /** Each branch sees the variables as they were; what they changed is put together in the order in which they are written. */
  async #parallel(branches: readonly string[], path: Path, variables: Variables): Promise<void> {
    const forks = branches.map(() => variables.fork())
    const ended = await Promise.allSettled(
      branches.map((branch, at) => this.sequence(branch, forks[at]!.variables, `${path}:${at}/`, undefined)),
    )
    const errors = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    const stopped = errors.find((error) => !(error instanceof Suspended) && !(error instanceof Unhandled))
    if (stopped !== undefined) throw stopped
    const waits = errors.filter((error) => error instanceof Suspended)
    const times = waits.flatMap(({ wake }) => (wake === null ? [] : [wake]))
    if (waits.length > 0) throw new Suspended(times.length === 0 ? null : Math.min(...times))
    for (const fork of forks) fork.merge()
    if (errors.length > 0) throw errors[0]
  }

  async #call(step: PlaybookStep, id: string, path: Path, variables: Variables): Promise<Outcome> {
    if (this.#depth >= DEEPEST) throw new Stopped('too_deep', `Playbooks call each other more than ${DEEPEST} deep.`)
    const called = await this.#work.playbook(step, id, path)
    const given = Object.fromEntries((step.in_args ?? []).flatMap((name) => pair(name, variables.valueOf(name))))
    const walked = await walkOne(called, given, this.#work, `${path}>/`, this.#depth + 1, this.#budget)
    if (walked.result === 'failed') return { ok: false, code: walked.code, message: walked.message }
    const output = Object.fromEntries((step.out_args ?? []).flatMap((name) => pair(name, walked.variables.valueOf(name))))
    return this.#take({ ok: true, output }, variables)
  }
}

const NOTHING: Outcome = { ok: true, output: {} }

function pair(name: string, value: string | null): (readonly [string, string])[] {
  return value === null ? [] : [[name, value]]
}
