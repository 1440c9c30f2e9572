import { KanpekiError } from '../../kernel/error.ts'
import { disruptionOf, effectOf, isKnownAction, severityOf } from './action-kinds.ts'
import { type Action, reasonOf, valuesOf } from './actions.ts'
import { Atoms, stepOf } from './atoms.ts'
import type { Draft } from './draft.ts'
import type { Gathered } from './gathered.ts'
import { parseMacro } from './macro.ts'
import { useOperator } from './operator-use.ts'
import type { Program, Rule, TxMember } from './program.ts'
import type { Target } from './targets.ts'
import type { Step } from './value.ts'
import { ValueCache } from './value-cache.ts'

/** Compiles what was gathered. A chain that cannot be compiled is refused by its place; the others go on. */
export function link(gathered: Gathered, initial: ReadonlyMap<string, TxMember>): Program {
  const atoms = new Atoms()
  const rules: Rule[] = []
  const phases: Rule[][] = [[], [], [], [], [], []]
  const jumps: { rule: Rule; place: number; label?: string; skip?: number }[] = []
  /** How many rules of each phase stand before a marker, by its label; a label may be there more than once. */
  const markers = new Map<string, number[][]>()
  for (const item of gathered.items) {
    if (item.kind === 'marker') {
      const places = markers.get(item.label) ?? []
      places.push(phases.map((phase) => phase.length))
      markers.set(item.label, places)
      continue
    }
    try {
      const rule = linkChain(item, { number: rules.length, atoms, rules: () => rules })
      const place = phases[rule.phase]!.push(rule) - 1
      rules.push(rule)
      const label = valuesOf(item.actions, 'skipafter').at(-1)
      const skip = valuesOf(item.actions, 'skip').at(-1)
      if (label !== undefined) jumps.push({ rule, place, label })
      else if (skip !== undefined) jumps.push({ rule, place, skip: Number(skip) })
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      const list = error.code === 'operator-unavailable' ? gathered.inert : gathered.refused
      list.push({
        file: error.place?.file ?? item.file,
        line: error.place?.line ?? item.line,
        reason: reasonOf(error),
      })
    }
  }
  for (const { rule, place, label, skip } of jumps) {
    const end = phases[rule.phase]!.length
    const target =
      label === undefined
        ? place + 1 + (skip ?? 0)
        : (markers.get(label) ?? []).map((counts) => counts[rule.phase]!).find((at) => at > place)
    rule.jump = Math.min(target ?? end, end) - place
  }
  for (const prefilter of Object.values(atoms.prefilters)) prefilter.build()
  return {
    settings: gathered.settings,
    phases,
    atoms: atoms.atoms,
    cells: atoms.cells,
    groups: atoms.groups,
    values: new ValueCache(),
    changing: { body: atoms.changing('body'), response: atoms.changing('response') },
    initial,
  }
}

interface Linking {
  readonly number: number
  readonly atoms: Atoms
  readonly rules: () => readonly Rule[]
}

function linkChain(first: Draft, linking: Linking): Rule {
  let next: Rule | undefined
  for (const draft of first.chain.toReversed()) next = linkRule(draft, next, linking)
  return linkRule(first, next, linking)
}

function linkRule(draft: Draft, next: Rule | undefined, { number, atoms, rules }: Linking): Rule {
  try {
    const { actions, defaults } = draft
    for (const action of actions) {
      if (!isKnownAction(action.name)) throw new KanpekiError('seclang-action', `there is no action ${action.name}`)
    }
    const logged = [...defaults, ...actions].findLast(({ name }) => name === 'log' || name === 'nolog')
    const operator = draft.operator === undefined ? undefined : useOperator(draft.operator, draft.file)
    const steps = stepsOf(defaults, actions)
    const cells = atoms.cellsOf(draft.targets, steps)
    const group = atoms.groupOf(cells)
    return {
      number,
      id: draft.id,
      phase: draft.phase,
      file: draft.file,
      line: draft.line,
      tags: draft.tags,
      msg: parseMacro(draft.msg),
      writtenMsg: draft.msg,
      logdata: parseMacro(valuesOf(actions, 'logdata').at(-1) ?? ''),
      severity: severityOf(valuesOf(actions, 'severity').at(-1)),
      log: logged?.name !== 'nolog',
      operator,
      cells,
      group,
      bit: operator?.occurs === undefined ? undefined : group?.prefilter.add(operator.key, operator.occurs),
      soleTx: steps.length === 0 ? soleTxOf(draft.targets) : undefined,
      capture: actions.some(({ name }) => name === 'capture'),
      multiMatch: actions.some(({ name }) => name === 'multimatch'),
      effects: actions.map((action) => effectOf(action, rules)).filter((effect) => effect !== undefined),
      disruption: disruptionOf(actions, defaults),
      next,
      jump: 1,
    }
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    const place = { file: draft.file, line: draft.line }
    throw new KanpekiError(error.code, error.message, { place, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) })
  }
}

function soleTxOf(targets: readonly Target[]): Rule['soleTx'] {
  const [only, ...others] = targets
  if (only?.variable !== 'TX' || only.selector?.kind !== 'key' || only.excluded || others.length > 0) return undefined
  return { key: only.selector.key, counted: only.counted }
}

/** The default's transformations and then the rule's own; `t:none` begins anew. */
function stepsOf(defaults: readonly Action[], actions: readonly Action[]): Step[] {
  const steps: Step[] = []
  for (const name of [...valuesOf(defaults, 't'), ...valuesOf(actions, 't')]) {
    if (name.toLowerCase() === 'none') steps.length = 0
    else steps.push(stepOf(name))
  }
  return steps
}
