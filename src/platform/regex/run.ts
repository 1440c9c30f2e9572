import { RE2JS } from 're2js'
import { type BacktrackingCost, backtrackingCost } from './analyse.ts'
import type { RegexNode } from './ast.ts'
import type { CharSet } from './char-set.ts'
import { hasLook } from './check.ts'
import { emitRegex } from './emit.ts'
import { allRegexLiterals } from './literals.ts'
import { parseRegex, type RegexSource } from './parse.ts'

/** Steps that V8 may take at most on one value: some milliseconds. On longer texts re2js takes less time than that. */
const MOST_STEPS = 1e6

export type RegexRun = (text: string, folded: () => string) => boolean

/**
 * Runs a pattern: on V8 where the text is short enough for the pattern's worst case, in linear time on re2js otherwise. Most values
 * lack one of the literals that every match must hold and never reach an engine. Compiled when first needed.
 */
export function runRegex(test: RegexSource): RegexRun {
  let engine: ((text: string) => boolean) | undefined
  const run = (text: string) => {
    engine ??= compile(test)
    return engine(text)
  }
  const sets = allRegexLiterals(test)
  if (sets.length === 0) return run
  const [first] = sets
  if (sets.length === 1 && first!.length === 1) return (text, folded) => folded().includes(first![0]!) && run(text)
  return (text, folded) => {
    const here = folded()
    return sets.every((literals) => literals.some((literal) => here.includes(literal))) && run(text)
  }
}

function compile(test: RegexSource): (text: string) => boolean {
  const parsed = parseRegex(test)
  // The loader refused what cannot be parsed: see check.ts.
  return 'fault' in parsed ? () => false : engineFor(parsed.node)
}

function engineFor(node: RegexNode): (text: string) => boolean {
  const onV8 = new RegExp(emitRegex(node, 'v8'))
  // Look-around was let in only where V8 is safe with it, and re2js has none.
  const longest = hasLook(node) ? Infinity : longestForV8(backtrackingCost(node))
  if (longest === Infinity) return (text) => onV8.test(text)
  if (node.kind === 'repeat' && node.item.kind === 'set') return longRun(node.item.set, node.min)
  let onRe2: RE2JS | undefined
  return (text) => {
    if (text.length <= longest) return onV8.test(text)
    onRe2 ??= RE2JS.compile(emitRegex(node, 're2'))
    return onRe2.test(text)
  }
}

/** `.{1000,}`: whether so many characters of the set stand in a row, which engines find out with a thousand states. */
function longRun(set: CharSet, least: number): (text: string) => boolean {
  return (text) => {
    let run = 0
    for (let at = 0; at < text.length && run < least; at += 1) run = hasUnit(set, text.charCodeAt(at)) ? run + 1 : 0
    return run >= least
  }
}

function hasUnit(set: CharSet, unit: number): boolean {
  for (let at = 0; at < set.length; at += 2) if (unit >= set[at]! && unit <= set[at + 1]!) return true
  return false
}

/** The longest text that V8 is trusted with. A text of nothing costs nothing, however bad the pattern. */
export function longestForV8(cost: BacktrackingCost): number {
  if (cost.exponential) return 12
  if (cost.degree === 0) return Infinity
  const steps = (MOST_STEPS * factorial(cost.degree)) / cost.factor
  return Math.floor(steps ** (1 / cost.degree))
}

function factorial(number: number): number {
  return number < 2 ? 1 : number * factorial(number - 1)
}
