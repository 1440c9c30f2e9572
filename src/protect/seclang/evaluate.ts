import type { Found, Test } from '../operators/operator.ts'
import { type Column, columnHits, columnOf, transformColumn, valueHits } from './column.ts'
import { expand } from './expand.ts'
import { type Item, nameOf, plainItem } from './item.ts'
import { type Hits, isHit } from './prefilter.ts'
import type { Cell, Group, OperatorUse, Rule, Run } from './program.ts'
import type { Target } from './targets.ts'
import { selects } from './targets-match.ts'
import { testValue, transformValue } from './value.ts'

/** Messages that one rule leaves in a transaction at most: a thousand bad arguments need not be told one by one. */
const MESSAGES_PER_RULE = 16
/** Bytes of a message's text and of its data that are kept: rules put whole values in, which may be a megabyte each. */
const LONGEST_TOLD = 4096

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
  if (!mayMatch(run, first)) return false
  run.chainMatches = []
  run.current = first
  for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.next) {
    const matched = rule.operator === undefined ? matchAlways(run, rule, first) : matchRule(run, rule, rule.operator, first)
    if (!matched) return false
  }
  if (first.severity < run.highestSeverity) run.highestSeverity = first.severity
  if (first.log) run.rules.push(first.id)
  return true
}

/** False where it is told at a glance that no value of the rule can match: so most rules end. */
function mayMatch(run: Run, { bit, group, operator, multiMatch, soleTx }: Rule): boolean {
  if (soleTx !== undefined && operator !== undefined) return txMatches(run, soleTx, operator)
  if (bit === undefined || group === undefined || operator!.negated || multiMatch) return true
  return isHit(groupHits(run, group), bit)
}

function txMatches(run: Run, { key, counted }: NonNullable<Rule['soleTx']>, { test, negated }: OperatorUse): boolean {
  const member = run.tx.get(key)
  if (member === undefined && !counted) return false
  const text = counted ? (member === undefined ? '0' : '1') : member!.value
  return (test(run)(text) !== undefined) !== negated
}

function groupHits(run: Run, { number, cells, prefilter }: Group): Hits {
  const known = run.groups[number]!
  if (known !== false) return known
  const hits = prefilter.unite(cells.map((cell) => columnHits(columnFor(run, cell), prefilter)))
  run.groups[number] = hits
  return hits
}

const ALWAYS: Item = plainItem('REMOTE_ADDR', '')

function matchAlways(run: Run, rule: Rule, first: Rule): boolean {
  for (const effect of rule.effects) effect(run)
  if (rule.next === undefined && first.log) tell(run, first, ALWAYS)
  return true
}

function matchRule(run: Run, rule: Rule, use: OperatorUse, first: Rule): boolean {
  const gone = run.removedTargets?.get(first.number)
  let count = 0
  let test: Test | undefined
  for (const cell of rule.cells) {
    const column = columnFor(run, cell)
    if (column.items.length === 0) continue
    const { prefilter } = cell
    const bit = rule.multiMatch || prefilter === undefined ? undefined : rule.bit
    if (bit !== undefined && !use.negated && !isHit(columnHits(column, prefilter!), bit)) continue
    test ??= use.test(run)
    for (let index = 0; index < column.items.length; index++) {
      const item = column.items[index]!
      if (gone !== undefined && isGone(gone, item)) continue
      if (rule.multiMatch) {
        for (const text of stagesOf(cell, item)) count += tryValue(run, rule, use, first, item, text, test(text), count)
        continue
      }
      const value = column.values[index]!
      const out = bit !== undefined && !isHit(valueHits(value, prefilter!), bit)
      const found = out ? undefined : use.costly ? testValue(value, test) : test(value.text)
      count += tryValue(run, rule, use, first, item, value.text, found, count)
    }
  }
  return count > 0
}

/** 1 where the value matches, 0 where it does not. */
function tryValue(
  run: Run,
  rule: Rule,
  use: OperatorUse,
  first: Rule,
  item: Item,
  text: string,
  found: Found | undefined,
  before: number,
): number {
  if ((found !== undefined) === use.negated) return 0
  hit(run, rule, first, item, text, found, before + 1)
  return 1
}

function hit(run: Run, rule: Rule, first: Rule, item: Item, text: string, found: Found | undefined, count: number): void {
  if (rule.capture && found !== undefined) capture(run, found)
  run.noteMatch(item, text)
  for (const effect of rule.effects) effect(run)
  if (rule.next === undefined && first.log && count <= MESSAGES_PER_RULE) tell(run, first, item)
}

/**
 * `TX:0` is what matched, `TX:1` to `TX:9` a pattern's groups. Those of patterns before are forgotten; an operator that has no
 * groups leaves them to the rules behind it, as in ModSecurity.
 */
function capture(run: Run, { matched, groups }: Found): void {
  if (groups === undefined) {
    run.setTx('0', matched)
    return
  }
  for (let index = 0; index < 10; index++) {
    const group = groups[index]
    if (group === undefined) run.tx.delete(DIGITS[index]!)
    else run.setTx(DIGITS[index]!, group)
  }
}

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const

function tell(run: Run, rule: Rule, item: Item): void {
  const msg = bounded(expand(run, rule.msg))
  run.messages.push({ id: rule.id, msg, data: bounded(expand(run, rule.logdata)), var: bounded(nameOf(item)) })
}

function bounded(text: string): string {
  return text.length <= LONGEST_TOLD ? text : `${text.slice(0, LONGEST_TOLD)} (${text.length} bytes in all)`
}

/** The cell's column, made when it is first asked for and kept while it cannot change. */
function columnFor(run: Run, cell: Cell): Column {
  const known = run.cells[cell.number]
  if (known !== undefined) return known
  const { atom } = cell
  let column = run.atoms[atom.number] ?? columnOf(atom.read(run))
  if (atom.stage !== 'live') run.atoms[atom.number] = column
  for (const step of cell.steps) column = transformColumn(column, step)
  if (atom.stage !== 'live') run.cells[cell.number] = column
  return column
}

/** For `multiMatch`: the text before and after each transformation that changes it. */
function stagesOf(cell: Cell, item: Item): string[] {
  const stages = [item.value.text]
  let last = item.value
  for (const step of cell.steps) {
    const made = transformValue(last, step)
    if (made !== last) stages.push(made.text)
    last = made
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
    run.allowed = disruption.what
    return true
  }
  // The answer is gone by then.
  if (rule.phase === 5) return false
  run.interruption ??= {
    ruleId: rule.id,
    action: disruption.kind,
    status: disruption.status,
    ...(disruption.kind === 'redirect' ? { location: expand(run, disruption.location) } : {}),
  }
  return run.mode === 'block'
}
