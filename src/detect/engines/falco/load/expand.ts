import type { Check, Condition, WrittenValue } from '../condition/ast.ts'
import { parseCondition } from '../condition/parse.ts'
import { FalcoFault } from '../fault.ts'
import { exceptionCondition } from './exceptions.ts'
import type { Merged, RawRule } from './merge.ts'

const MOST_VALUES = 100_000
const MOST_CHECKS = 50_000
/** Macros or lists that name one another; and parts of a condition, one in the other. */
const DEEPEST_NAMES = 100
const DEEPEST_PARTS = 500

interface Measure {
  readonly checks: number
  readonly depth: number
}

/** Writes out macros, lists and exceptions. Throws FalcoFault for what is unknown, in a circle or boundless. */
export class Expander {
  readonly #merged: Merged
  readonly #macros = new Map<string, Condition>()
  readonly #lists = new Map<string, readonly string[]>()
  readonly #open = new Set<string>()
  /** A macro that is named twice is one object: measured once, or each level of macros would double the work. */
  readonly #measures = new Map<Condition, Measure>()

  constructor(merged: Merged) {
    this.#merged = merged
  }

  condition(rule: RawRule): Condition {
    const own = this.#expand(parseCondition(rule.condition))
    const excepted = rule.exceptions.flatMap((each) => exceptionCondition(each) ?? []).map((each) => this.#expand(each))
    const whole: Condition =
      excepted.length === 0 ? own : { kind: 'and', items: [own, ...excepted.map((item): Condition => ({ kind: 'not', item }))] }
    const { checks, depth } = this.#measure(whole)
    if (checks > MOST_CHECKS) throw new FalcoFault('condition-size', `more than ${MOST_CHECKS} comparisons`)
    if (depth > DEEPEST_PARTS) throw new FalcoFault('condition-size', `more than ${DEEPEST_PARTS} parts, one in the other`)
    return whole
  }

  #measure(condition: Condition): Measure {
    const known = this.#measures.get(condition)
    if (known !== undefined) return known
    const parts =
      condition.kind === 'and' || condition.kind === 'or' ? condition.items : condition.kind === 'not' ? [condition.item] : []
    const below = parts.map((part) => this.#measure(part))
    const measure = {
      checks: parts.length === 0 ? 1 : below.reduce((sum, { checks }) => sum + checks, 0),
      depth: 1 + below.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
    }
    this.#measures.set(condition, measure)
    return measure
  }

  #opened(name: string): void {
    if (this.#open.size >= DEEPEST_NAMES)
      throw new FalcoFault('condition-size', `more than ${DEEPEST_NAMES} macros and lists that name one another`)
    this.#open.add(name)
  }

  #expand(condition: Condition): Condition {
    switch (condition.kind) {
      case 'and':
      case 'or':
        return { kind: condition.kind, items: condition.items.map((item) => this.#expand(item)) }
      case 'not':
        return { kind: 'not', item: this.#expand(condition.item) }
      case 'macro':
        return this.#macro(condition.name)
      case 'check':
        return condition.values.length === 0 ? condition : { ...condition, values: this.#values(condition) }
    }
  }

  #macro(name: string): Condition {
    const known = this.#macros.get(name)
    if (known !== undefined) return known
    const macro = this.#merged.macros.get(name)
    if (macro === undefined) throw new FalcoFault('macro-unknown', `there is no macro '${name}'`)
    if (this.#open.has(`macro ${name}`)) throw new FalcoFault('macro-cycle', `the macro '${name}' contains itself`)
    this.#opened(`macro ${name}`)
    try {
      const expanded = this.#expand(parseCondition(macro.condition))
      this.#macros.set(name, expanded)
      return expanded
    } catch (error) {
      if (!(error instanceof FalcoFault) || error.message.includes(' in the macro ')) throw error
      throw new FalcoFault(error.code, `${error.message} in the macro '${name}'`, error.key)
    } finally {
      this.#open.delete(`macro ${name}`)
    }
  }

  #values({ values, operator }: Check): readonly WrittenValue[] {
    const isList = operator === 'in' || operator === 'intersects' || operator === 'pmatch'
    if (!isList) return values
    const found = values.flatMap((value) =>
      !value.quoted && this.#merged.lists.has(value.text)
        ? this.#list(value.text).map((text) => ({ text, quoted: true }))
        : [value],
    )
    if (found.length > MOST_VALUES) throw new FalcoFault('list-size', `more than ${MOST_VALUES} values in one list`)
    return found
  }

  #list(name: string): readonly string[] {
    const known = this.#lists.get(name)
    if (known !== undefined) return known
    if (this.#open.has(`list ${name}`)) throw new FalcoFault('list-cycle', `the list '${name}' contains itself`)
    this.#opened(`list ${name}`)
    let items: string[]
    try {
      items = this.#merged.lists.get(name)!.items.flatMap((item) => {
        if (this.#merged.lists.has(item)) return this.#list(item)
        // An item with blanks is written '"in quotation marks"'.
        return [/^"(.*)"$/s.exec(item)?.[1]?.replaceAll('\\"', '"') ?? item]
      })
    } finally {
      this.#open.delete(`list ${name}`)
    }
    if (items.length > MOST_VALUES) throw new FalcoFault('list-size', `more than ${MOST_VALUES} values in the list '${name}'`)
    this.#lists.set(name, items)
    return items
  }
}
