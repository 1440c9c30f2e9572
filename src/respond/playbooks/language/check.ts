import { messageOf } from '../../../kernel/error.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { namesIn, parseCondition } from './condition.ts'
import { EXTENSION_KEY, type Playbook, type Step } from './form.ts'
import { usedIn } from './values.ts'

export interface GraphProblem {
  readonly code: string
  readonly path: readonly string[]
  readonly message: string
  readonly remedy: string
}

/** Where a step leads to: the property, and the step. */
export function waysOf(step: Step): readonly (readonly [readonly string[], string])[] {
  const ways: (readonly [readonly string[], string | undefined])[] = [
    [['on_completion'], step.on_completion],
    [['on_success'], step.on_success],
    [['on_failure'], step.on_failure],
  ]
  if (step.type === 'if-condition') ways.push([['on_true'], step.on_true], [['on_false'], step.on_false])
  if (step.type === 'while-condition') ways.push([['on_true'], step.on_true])
  if (step.type === 'parallel') for (const [at, id] of step.next_steps.entries()) ways.push([['next_steps', String(at)], id])
  if (step.type === 'switch-condition') for (const [name, id] of Object.entries(step.cases)) ways.push([['cases', name], id])
  return ways.flatMap(([path, id]) => (id === undefined ? [] : [[path, id] as const]))
}

/** What the form alone cannot tell: how steps hang together, and which variables they use. */
export function checkGraph(playbook: Playbook, actions?: ReadonlySet<string>): readonly GraphProblem[] {
  const steps = new Map(Object.entries(playbook.workflow))
  const problems: GraphProblem[] = []
  const add = (code: string, path: readonly string[], message: string, remedy: string): void => {
    problems.push({ code, path, message, remedy })
  }
  if (steps.get(playbook.workflow_start)?.type !== 'start')
    add('no_start', ['workflow_start'], `${playbook.workflow_start} is no start step.`, 'Name the step of type start.')
  const exception = playbook.workflow_exception
  if (exception !== undefined && !steps.has(exception))
    add('unknown_step', ['workflow_exception'], `There is no step ${exception}.`, 'Name a step of the workflow.')
  for (const [id, step] of steps) {
    const at = ['workflow', id]
    for (const [path, to] of waysOf(step))
      if (!steps.has(to))
        add('unknown_step', [...at, ...path], `There is no step ${to}.`, 'Name a step of the workflow, or add it.')
    checkWays(id, step, add)
    checkWork(playbook, id, step, actions, add)
    checkVariables(playbook, id, step, add)
  }
  for (const [at, test] of playbook.tests.entries())
    for (const name of [...test.expect, ...Object.keys(test.outcomes)])
      if (!steps.has(name))
        add('unknown_step', ['tests', String(at)], `The test names a step ${name} that there is not.`, 'Name a step.')
  if (problems.length > 0) return problems
  checkReach(playbook, steps, add)
  checkCycles(steps, add)
  return problems
}

type Add = (code: string, path: readonly string[], message: string, remedy: string) => void

function checkWays(id: string, step: Step, add: Add): void {
  const at = ['workflow', id]
  const next = step.on_completion ?? step.on_success
  if (step.type === 'end') {
    if (next !== undefined || step.on_failure !== undefined)
      add('after_end', at, 'An end step leads nowhere.', 'Take its on_… out.')
    return
  }
  if (step.on_completion !== undefined && (step.on_success !== undefined || step.on_failure !== undefined))
    add('two_ways', [...at, 'on_completion'], 'on_completion excludes on_success and on_failure.', 'Keep one of both.')
  if (step.on_failure !== undefined && step.on_success === undefined)
    add('two_ways', [...at, 'on_failure'], 'on_failure asks for on_success.', 'Say where a success leads.')
  if (step.type === 'start' && step.on_completion === undefined)
    add('no_end', at, 'A start step says on_completion.', 'Name the first step.')
  if ((step.type === 'action' || step.type === 'playbook-action') && next === undefined)
    add('no_end', at, 'The workflow stops here without an end step.', 'Add on_completion (or on_success and on_failure).')
}

function checkWork(playbook: Playbook, id: string, step: Step, actions: ReadonlySet<string> | undefined, add: Add): void {
  const at = ['workflow', id]
  if (step.type !== 'action') {
    if (step[EXTENSION_KEY]?.action !== undefined)
      add('not_an_action', [...at, EXTENSION_KEY], 'Only a step of type action calls an action.', 'Make it one.')
    return
  }
  const extension = step[EXTENSION_KEY]
  if (extension?.action === undefined && step.commands === undefined)
    add('no_command', at, 'An action step says what to do.', 'Give commands, or x-kanpeki with an action.')
  if (extension?.action !== undefined && actions !== undefined && !actions.has(extension.action))
    add(
      'unknown_action',
      [...at, EXTENSION_KEY, 'action'],
      `There is no action ${extension.action}.`,
      `There are: ${[...actions].sort().join(', ')}.`,
    )
  if (extension?.action === undefined && extension?.input !== undefined)
    add('no_action', [...at, EXTENSION_KEY, 'input'], 'There is an input and no action.', 'Name the action that takes it.')
  for (const [number, one] of (step.commands ?? []).entries()) {
    const empty =
      'command' in one
        ? (one.command ?? ('command_b64' in one ? one.command_b64 : undefined))
        : 'command_b64' in one
          ? one.command_b64
          : ''
    if (empty === undefined || empty.trim() === '')
      add('no_command', [...at, 'commands', String(number)], 'The command is empty.', 'Give command or command_b64.')
    if (
      (one.type === 'http-api' || one.type === 'openc2-http') &&
      targetsOf(playbook, step).length === 0 &&
      !/^[A-Z]+ https?:\/\//.test(one.command)
    )
      add(
        'no_target',
        [...at, 'commands', String(number)],
        'It is not said which server is called.',
        'Write the whole URL in the command, or give a target of type http-api.',
      )
  }
}

/** The targets of a step, of whatever type. */
export function targetsOf(playbook: Playbook, step: Extract<Step, { type: 'action' }>): readonly JsonValue[] {
  return (step.targets ?? []).flatMap((id) => playbook.target_definitions?.[id] ?? [])
}

function checkVariables(playbook: Playbook, id: string, step: Step, add: Add): void {
  const declared = new Set([...Object.keys(playbook.playbook_variables), ...Object.keys(step.step_variables ?? {})])
  const at = ['workflow', id]
  // A branch sees the variables of what it lies in.
  for (const outer of Object.values(playbook.workflow))
    if (outer.type !== 'action' && outer.type !== 'end')
      for (const name of Object.keys(outer.step_variables ?? {})) declared.add(name)
  const use = (path: readonly string[], names: readonly string[]): void => {
    for (const name of new Set(names))
      if (!declared.has(name))
        add('undeclared', [...at, ...path], `${name} is not declared.`, 'Declare it under playbook_variables or step_variables.')
  }
  if (step.type === 'if-condition' || step.type === 'while-condition') {
    try {
      use(['condition'], namesIn(parseCondition(step.condition)))
    } catch (error) {
      add('condition', [...at, 'condition'], messageOf(error), 'See docs/playbooks.md for the conditions there are.')
    }
  }
  if (step.type === 'switch-condition') {
    if (usedIn(step.switch).length !== 1 || !/^__.*__:value$/.test(step.switch))
      add('condition', [...at, 'switch'], 'A switch looks at one variable.', 'Write __name__:value.')
    use(['switch'], usedIn(step.switch))
  }
  if (step.type === 'action') {
    use(['commands'], usedIn((step.commands ?? []) as JsonValue))
    use([EXTENSION_KEY, 'input'], usedIn(step[EXTENSION_KEY]?.input))
    use([EXTENSION_KEY, 'out'], Object.keys(step[EXTENSION_KEY]?.out ?? {}))
  }
  if (step.type === 'action' || step.type === 'playbook-action') {
    use(['in_args'], step.in_args ?? [])
    use(['out_args'], step.out_args ?? [])
  }
}

function checkReach(playbook: Playbook, steps: ReadonlyMap<string, Step>, add: Add): void {
  const reached = new Set<string>()
  const open = [playbook.workflow_start, ...(playbook.workflow_exception === undefined ? [] : [playbook.workflow_exception])]
  while (open.length > 0) {
    const id = open.pop()!
    if (reached.has(id)) continue
    reached.add(id)
    open.push(...waysOf(steps.get(id)!).map(([, to]) => to))
  }
  for (const id of steps.keys())
    if (!reached.has(id)) add('unreachable', ['workflow', id], `No step leads to ${id}.`, 'Lead to it, or take it out.')
  if (![...reached].some((id) => steps.get(id)?.type === 'end'))
    add('no_end', ['workflow'], 'No end step can be reached.', 'Add a step of type end.')
}

/** A way back is a loop only where it leads to a while-condition from within its on_true. */
function checkCycles(steps: ReadonlyMap<string, Step>, add: Add): void {
  const done = new Set<string>()
  const path: { readonly id: string; readonly by: string }[] = []
  const visit = (id: string, by: string): void => {
    const from = path.findIndex((one) => one.id === id)
    if (from >= 0) {
      const inLoop = steps.get(id)?.type === 'while-condition' && path[from + 1]?.by === 'on_true'
      const last = path.at(-1)!
      if (!inLoop)
        add('cycle', ['workflow', last.id, by], `${last.id} leads back to ${id}.`, 'Repeat steps by a while-condition.')
      return
    }
    if (done.has(id)) return
    path.push({ id, by })
    for (const [property, to] of waysOf(steps.get(id)!)) visit(to, property[0]!)
    path.pop()
    done.add(id)
  }
  for (const id of steps.keys()) visit(id, '')
}
