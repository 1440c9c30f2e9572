import type { Found } from '../operators/operator.ts'
import { expand } from './expand.ts'
import { type Item, nameOf, plainItem } from './item.ts'
import type { Cell, Rule, Run } from './program.ts'
import type { Target } from './targets.ts'
import { selects } from './targets-match.ts'
import { transformValue, type Value } from './value.ts'

/** Messages that one rule leaves in a transaction at most: a thousand bad arguments need not be told one by one. */
const MESSAGES_PER_RULE = 16

/** Runs the rules of a phase, until one interrupts it. */
export function runPhase(run: Run, phase: number): void {
  const rules = run.program.phases[phase]!
  for (let index = 0; index < rules.length && !run.off; ) {
    const rule = rules[index]!
    if (run.removed?.[rule.number] === 1 || !matchChain(run, rule)) {
      index += 1
      continue
    }
    if (disrupt(run, rule)) return
    index += rule.jump
  }
}

/** True where the whole chain matches. A rule's own effects take place as it matches, even if the chain then fails. */
function matchChain(run: Run, first: Rule): boolean {
  run.chainMatches = []
  run.current = first
  let told = 0
  for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.next) {
    const matches = rule.operator === undefined ? matchAlways(run, rule, first) : matchRule(run, rule, first, told)
    if (matches === 0) return false
    told = matches
  }
  if (first.severity < run.highestSeverity) run.highestSeverity = first.severity
  if (first.log) run.rules.push(first.id)
  return true
}

const ALWAYS: Item = plainItem('REMOTE_ADDR', '')

function matchAlways(run: Run, rule: Rule, first: Rule): number {
  for (const effect of rule.effects) effect(run)
  if (rule.next === undefined && first.log) tell(run, first, ALWAYS)
  return 1
}

function matchRule(run: Run, rule: Rule, first: Rule, _told: number): number {
  const { negated, test: testFor } = rule.operator!
  const gone = run.removedTargets?.get(first.number)
  let matches = 0
  let test: ReturnType<typeof testFor> | undefined
  for (const cell of rule.cells) {
    const items = itemsOf(run, cell)
    if (items.length === 0) continue
    const values = valuesOf(run, cell, items)
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!
      if (gone !== undefined && isGone(gone, item)) continue
      test ??= testFor(run)
      for (const value of rule.multiMatch ? stagesOf(run, cell, item) : [values[index]!]) {
        const found = test(value.text)
        if ((found !== undefined) === negated) continue
        matches += 1
        hit(run, rule, first, item, value.text, found, matches)
      }
    }
  }
  return matches
}

function hit(run: Run, rule: Rule, first: Rule, item: Item, text: string, found: Found | undefined, count: number): void {
  if (rule.capture && found !== undefined) capture(run, found)
  run.noteMatch(item, text)
  for (const effect of rule.effects) effect(run)
  if (rule.next === undefined && first.log && count <= MESSAGES_PER_RULE) tell(run, first, item)
}

/** `TX:0` is the whole match, `TX:1` to `TX:9` its groups; groups of matches before are forgotten. */
function capture(run: Run, found: Found): void {
  const groups = found.groups ?? [found.matched]
  for (let index = 0; index < 10; index++) {
    const group = groups[index]
    if (group === undefined) run.tx.delete(DIGITS[index]!)
    else run.setTx(DIGITS[index]!, group)
  }
}

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const

function tell(run: Run, rule: Rule, item: Item): void {
  run.messages.push({ id: rule.id, msg: expand(run, rule.msg), data: expand(run, rule.logdata), var: nameOf(item) })
}

function itemsOf(run: Run, cell: Cell): readonly Item[] {
  const { atom } = cell
  if (atom.stage === 'live') return atom.read(run)
  const known = run.atoms[atom.number]
  if (known !== undefined) return known
  const items = atom.read(run)
  run.atoms[atom.number] = items
  return items
}

function valuesOf(run: Run, cell: Cell, items: readonly Item[]): readonly Value[] {
  if (cell.atom.stage !== 'live') {
    const known = run.cells[cell.number]
    if (known !== undefined) return known
  }
  const values = items.map((item) => {
    let value = run.values.of(item.text)
    for (const step of cell.steps) value = transformValue(value, step, run.values)
    return value
  })
  if (cell.atom.stage !== 'live') run.cells[cell.number] = values
  return values
}

/** For `multiMatch`: the value before and after each transformation that changes it. */
function stagesOf(run: Run, cell: Cell, item: Item): Value[] {
  const stages = [run.values.of(item.text)]
  for (const step of cell.steps) {
    const last = stages.at(-1)!
    const made = transformValue(last, step, run.values)
    if (made !== last) stages.push(made)
  }
  return stages
}

function isGone(gone: readonly Target[], item: Item): boolean {
  return gone.some((target) => target.variable === item.variable && selects(target.selector, item))
}

/** Carries out the disruptive action of a chain that matched; true where its phase ends. */
function disrupt(run: Run, rule: Rule): boolean {
  const { disruption } = rule
  if (disruption.kind === 'pass') return false
  if (disruption.kind === 'allow') {
    if (run.mode === 'detect') return false
    run.allowed = disruption.what
    return true
  }
  run.interruption ??= {
    ruleId: rule.id,
    action: disruption.kind,
    status: disruption.status,
    ...(disruption.kind === 'redirect' ? { location: expand(run, disruption.location) } : {}),
  }
  return run.mode === 'block'
}
