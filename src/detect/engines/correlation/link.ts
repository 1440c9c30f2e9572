import type { RuleInfo } from '../../../kernel/detection.ts'
import type { DeriveFunction } from './derive.ts'
import type { CorrelationSpec } from './spec.ts'
import { SpecFault } from './spec-fault.ts'

/** A Sigma rule that correlations may refer to. */
export interface BaseRule {
  readonly id: string
  readonly name?: string | undefined
  /** Ids that it bore before; a rule that bears one of them now goes first. */
  readonly formerly?: readonly string[]
}

/** A document whose section was read, before its references are followed. */
export interface ParsedRule {
  readonly info: RuleInfo
  readonly name: string | undefined
  readonly spec: CorrelationSpec
}

/** Where a field that a correlation names is found: in an event, or among what a lower correlation hands up. */
export interface FieldSource {
  readonly field: string
  readonly compute: DeriveFunction | undefined
}

/** A correlation with its references followed. Times are milliseconds. */
export interface LinkedRule extends ParsedRule {
  /** Base rule id → bit of its stage. */
  readonly bases: ReadonlyMap<string, number>
  readonly children: readonly { readonly rule: LinkedRule; readonly stage: number }[]
  /** Fields that correlations above need, beyond this rule's own group-by. */
  readonly carries: readonly string[]
  /** The longest timespan of this rule and those below it: a silence up to this long does not end a stretch. */
  readonly join: number
  /** How far back the outcome of an insertion can look, through all levels below. */
  readonly lookBack: number
  /** How far back correlations above may still ask for this rule's items. */
  readonly reach: number
  sourceOf(field: string, reference: string): FieldSource
}

export interface Linked {
  /** Lower rules before those that stand on them. */
  readonly rules: readonly LinkedRule[]
  readonly faults: readonly { readonly rule: ParsedRule; readonly fault: SpecFault }[]
}

type Target = { readonly base: BaseRule } | { readonly rule: ParsedRule }

/** Follows references by id or name; refuses unknown and ambiguous ones, cycles, and whatever stands on a refused rule. */
export function link(parsed: readonly ParsedRule[], baseRules: readonly BaseRule[]): Linked {
  const targets = targetTable(parsed, baseRules)
  const faults: { rule: ParsedRule; fault: SpecFault }[] = []
  const states = new Map<ParsedRule, Draft | 'open' | 'refused'>()
  const ordered: Draft[] = []

  const resolve = (reference: string): Target => {
    const found = targets.get(reference) ?? []
    if (found.length > 1)
      throw new SpecFault(['correlation', 'rules'], `"${reference}" is the name of ${found.length} rules; refer to it by id`)
    const [target] = found
    if (target === undefined)
      throw new SpecFault(['correlation', 'rules'], `"${reference}" is no rule that was loaded, by id or name`)
    return target
  }
  const visit = (rule: ParsedRule, path: readonly ParsedRule[]): Draft | undefined => {
    const known = states.get(rule)
    if (known === 'refused') return undefined
    if (known === 'open') {
      const cycle = [...path.slice(path.indexOf(rule)), rule].map((each) => each.info.title)
      throw new SpecFault(['correlation', 'rules'], `rules refer to each other in a circle: ${cycle.join(' → ')}`)
    }
    if (known !== undefined) return known
    states.set(rule, 'open')
    try {
      const draft = new Draft(rule)
      for (const [stage, reference] of rule.spec.rules.entries()) {
        const target = resolve(reference)
        if ('base' in target) draft.addBase(target.base, stage)
        else {
          const child = visit(target.rule, [...path, rule])
          if (child === undefined)
            throw new SpecFault(['correlation', 'rules'], `"${reference}" was refused, and this rule stands on it`)
          draft.addChild(child, stage)
        }
      }
      draft.checkAliases()
      states.set(rule, draft)
      ordered.push(draft)
      return draft
    } catch (error) {
      if (!(error instanceof SpecFault)) throw error
      states.set(rule, 'refused')
      faults.push({ rule, fault: error })
      return undefined
    }
  }
  for (const rule of parsed) visit(rule, [])
  for (const draft of [...ordered].reverse()) draft.askChildren()
  return { rules: ordered, faults }
}

function targetTable(parsed: readonly ParsedRule[], baseRules: readonly BaseRule[]): Map<string, Target[]> {
  const targets = new Map<string, Target[]>()
  const add = (key: string | undefined, target: Target): void => {
    if (key === undefined) return
    const list = targets.get(key)
    if (list === undefined) targets.set(key, [target])
    else if (!list.includes(target)) list.push(target)
  }
  for (const base of baseRules) {
    const target = { base }
    add(base.id, target)
    add(base.name, target)
  }
  for (const rule of parsed) {
    const target = { rule }
    add(rule.info.id, target)
    add(rule.name, target)
  }
  for (const base of baseRules) for (const id of base.formerly ?? []) if (!targets.has(id)) add(id, { base })
  return targets
}

class Draft implements LinkedRule {
  readonly info: RuleInfo
  readonly name: string | undefined
  readonly spec: CorrelationSpec
  readonly bases = new Map<string, number>()
  readonly children: { readonly rule: Draft; readonly stage: number }[] = []
  readonly carries: string[] = []
  join: number
  reach = 0
  #below = 0
  /** Base rule id, or id of a correlation below → how `rules` and `aliases` may write it. */
  readonly #spellings = new Map<string, readonly string[]>()

  constructor({ info, name, spec }: ParsedRule) {
    this.info = info
    this.name = name
    this.spec = spec
    this.join = spec.span
  }

  get lookBack(): number {
    return this.spec.span + this.join + this.#below
  }

  addBase(base: BaseRule, stage: number): void {
    this.bases.set(base.id, stage)
    this.#spell(base.id, base.name, stage, base.formerly)
  }

  addChild(rule: Draft, stage: number): void {
    this.children.push({ rule, stage })
    this.join = Math.max(this.join, rule.join)
    this.#below = Math.max(this.#below, rule.lookBack)
    this.#spell(rule.info.id, rule.name, stage)
  }

  #spell(id: string, name: string | undefined, stage: number, formerly: readonly string[] = []): void {
    if (this.#spellings.has(id)) throw new SpecFault(['correlation', 'rules'], `"${this.spec.rules[stage]}" is named twice`)
    this.#spellings.set(id, [id, ...formerly, ...(name === undefined ? [] : [name])])
  }

  checkAliases(): void {
    for (const [alias, fields] of Object.entries(this.spec.aliases)) {
      const known = [...this.#spellings.values()]
      for (const reference of Object.keys(fields))
        if (!known.some((spellings) => spellings.includes(reference)))
          throw new SpecFault(
            ['correlation', 'aliases', alias],
            `alias "${alias}" names "${reference}", which is not among the rules`,
          )
      for (const spellings of known)
        if (!spellings.some((each) => Object.hasOwn(fields, each)))
          throw new SpecFault(['correlation', 'aliases', alias], `alias "${alias}" says no field for rule "${spellings.at(-1)}"`)
    }
  }

  sourceOf(field: string, reference: string): FieldSource {
    const { derived, aliases } = this.spec
    const definition = Object.hasOwn(derived, field) ? derived[field] : undefined
    const plain = definition?.field ?? field
    const alias = Object.hasOwn(aliases, plain) ? aliases[plain] : undefined
    const spelling = this.#spellings.get(reference)?.find((each) => alias !== undefined && Object.hasOwn(alias, each))
    return { field: (spelling === undefined ? undefined : alias?.[spelling]) ?? plain, compute: definition?.compute }
  }

  /** Called on higher rules first: what they carry for others is asked of the rules below them. */
  askChildren(): void {
    const { groupBy, valueFields, span } = this.spec
    const wanted = [...groupBy, ...valueFields, ...this.carries]
    for (const { rule } of this.children) {
      rule.reach = Math.max(rule.reach, span + this.reach)
      for (const field of wanted) {
        const source = this.sourceOf(field, rule.info.id).field
        if (!rule.spec.groupBy.includes(source) && !rule.carries.includes(source)) rule.carries.push(source)
      }
    }
  }
}
