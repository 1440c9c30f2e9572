import { KanpekiError } from '../../kernel/error.ts'
import { compilePath } from '../body/xml-path.ts'
import { transforms } from '../transforms/registry.ts'
import { itemsOf } from './expand.ts'
import { type Item, plainItem } from './item.ts'
import { Prefilter } from './prefilter.ts'
import type { Atom, Cell, Changing, Group, Run } from './program.ts'
import { stateVariables } from './state-variables.ts'
import type { Target } from './targets.ts'
import { patternOf, selects } from './targets-match.ts'
import { makeValue, type Step } from './value.ts'
import { type Stage, variables } from './variables.ts'

/** Gives the same atom to all rules that mean the same variable, and the same cell to those that transform it alike. */
export class Atoms {
  /** One for what requests bring, one for responses. */
  readonly prefilters = { request: new Prefilter(), response: new Prefilter() }
  readonly atoms: Atom[] = []
  readonly cells: Cell[] = []
  readonly groups: Group[] = []
  readonly #groupOf = new Map<string, Group>()
  readonly #atomOf = new Map<string, Atom>()
  readonly #cellOf = new Map<string, Cell>()

  /** Throws `KanpekiError` where a target names no variable or its pattern is none. */
  cellsOf(targets: readonly Target[], steps: readonly Step[]): Cell[] {
    const excluded = targets.filter((target) => target.excluded)
    for (const target of targets) check(target)
    return targets.filter((target) => !target.excluded).map((target) => this.#cell(this.#atom(target, excluded), steps))
  }

  #prefilterOf(stage: Stage): Prefilter | undefined {
    if (stage === 'live') return undefined
    return stage === 'response' ? this.prefilters.response : this.prefilters.request
  }

  /** Undefined where a cell is read anew each time, or where requests and responses are mixed. */
  groupOf(cells: readonly Cell[]): Group | undefined {
    const prefilter = cells[0]?.prefilter
    if (prefilter === undefined || cells.some((cell) => cell.prefilter !== prefilter)) return undefined
    const key = cells.map((cell) => cell.number).join()
    let group = this.#groupOf.get(key)
    if (group === undefined) {
      group = { number: this.groups.length, cells, prefilter }
      this.groups.push(group)
      this.#groupOf.set(key, group)
    }
    return group
  }

  /** What a stage changes. */
  changing(stage: 'body' | 'response'): Changing {
    const cells = this.cells.filter((cell) => cell.atom.stage === stage)
    return {
      atoms: this.atoms.filter((atom) => atom.stage === stage).map((atom) => atom.number),
      cells: cells.map((cell) => cell.number),
      groups: this.groups.filter((group) => group.cells.some((cell) => cells.includes(cell))).map((group) => group.number),
    }
  }

  #atom(target: Target, excluded: readonly Target[]): Atom {
    const without = excluded.filter((one) => one.variable === target.variable)
    const key = JSON.stringify([target, without])
    let atom = this.#atomOf.get(key)
    if (atom === undefined) {
      atom = { number: this.atoms.length, stage: stageOf(target.variable), read: readerOf(target, without) }
      this.atoms.push(atom)
      this.#atomOf.set(key, atom)
    }
    return atom
  }

  #cell(atom: Atom, steps: readonly Step[]): Cell {
    const key = `${atom.number}:${steps.map((step) => step.number).join()}`
    let cell = this.#cellOf.get(key)
    if (cell === undefined) {
      cell = { number: this.cells.length, atom, steps, prefilter: this.#prefilterOf(atom.stage) }
      this.cells.push(cell)
      this.#cellOf.set(key, cell)
    }
    return cell
  }
}

function stageOf(variable: string): Stage {
  return variable === 'XML' ? 'body' : (variables[variable]?.stage ?? 'live')
}

function check({ variable, selector }: Target): void {
  if (variable !== 'XML' && !Object.hasOwn(variables, variable) && !Object.hasOwn(stateVariables, variable)) {
    throw new KanpekiError('seclang-variable', `there is no variable ${variable}`)
  }
  if (selector?.kind === 'pattern') patternOf(selector.pattern)
  if (selector?.kind === 'path') compilePath(selector.path)
}

function readerOf(target: Target, without: readonly Target[]): (run: Run) => readonly Item[] {
  const members = membersOf(target)
  const left =
    without.length === 0
      ? members
      : (run: Run) => members(run).filter((item) => !without.some((one) => selects(one.selector, item)))
  if (!target.counted) return left
  const name = `&${target.variable}${target.selector?.kind === 'key' ? `:${target.selector.key}` : ''}`
  return (run) => [plainItem(name, String(left(run).length))]
}

function membersOf({ variable, selector }: Target): (run: Run) => readonly Item[] {
  if (variable === 'TX' && selector?.kind === 'key') {
    const { key } = selector
    return (run) => {
      const member = run.tx.get(key)
      return member === undefined ? NOTHING : [{ variable, key: member.name, lower: key, value: makeValue(member.value) }]
    }
  }
  if (variable === 'TX' && selector?.kind === 'pattern') {
    const pattern = patternOf(selector.pattern)
    return (run) => {
      const items: Item[] = []
      for (const [lower, { name, value }] of run.tx) {
        if (pattern.exec(lower) !== undefined) items.push({ variable, key: name, lower, value: makeValue(value) })
      }
      return items
    }
  }
  if (variable === 'XML') return (run) => run.xml(selector?.kind === 'path' ? selector.path : '/*')
  if (selector === undefined) return (run) => itemsOf(run, variable)
  return (run) => itemsOf(run, variable).filter((item) => selects(selector, item))
}

const NOTHING: readonly Item[] = []

const numbers = new Map<string, number>()

/** The transformation of that name. Names that mean the same one share its number, and so what is remembered of it. */
export function stepOf(name: string): Step {
  const lower = name.toLowerCase()
  const apply = Object.hasOwn(transforms, lower) ? transforms[lower] : undefined
  if (apply === undefined) throw new KanpekiError('seclang-transform', `there is no transformation t:${name}`)
  const canonical = lower.replace('normalise', 'normalize')
  let number = numbers.get(canonical)
  if (number === undefined) {
    number = numbers.size
    numbers.set(canonical, number)
  }
  return { number, apply }
}
