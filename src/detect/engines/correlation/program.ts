import type { Detection, RuleInfo } from '../../../kernel/detection.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { derive } from './derive.ts'
import type { EvidenceSource, Item, Origin, WindowEvent } from './item.ts'
import type { CorrelationLimits } from './limits.ts'
import type { LinkedRule } from './link.ts'
import { describeFiring } from './report.ts'
import { type RuleStats, RuleWindows } from './rule-windows.ts'
import { countedValues, groupKey, plainValue, reckonedValues, valueText } from './values.ts'

/** Reads a field, as the rule with this id names it, from an event of whatever shape. */
export type FieldReader<E> = (event: E, field: string, ruleId: string) => JsonValue | undefined

export interface CorrelationStats {
  /** Events that matched at least one rule of a correlation. */
  readonly events: number
  /** Events whose observed time was too far from the received time: they stand at the received time. */
  readonly byReceivedTime: number
  readonly rules: readonly RuleStats[]
}

export interface FeedOptions {
  readonly emit?: boolean
  readonly timed?: (rule: RuleInfo, run: () => void) => void
}

interface Node {
  readonly rule: LinkedRule
  readonly windows: RuleWindows
  readonly parents: { readonly node: Node; readonly stage: number; readonly wants: 'fired' | 'held' }[]
  readonly emits: boolean
  withheld: boolean
  matches: string[]
  raised: { readonly child: LinkedRule; readonly window: EvidenceSource; readonly item: Item; readonly stage: number }[]
}

/** What one match or one lower correlation brings to a rule, before it is an item. */
interface Draft {
  readonly group: readonly JsonValue[]
  readonly values: readonly (string | number)[]
  readonly carried: readonly (JsonValue | undefined)[]
  stages: number
}

/**
 * Correlations at work: fed with every event that matched a Sigma rule, in the order of the log, one program for each
 * reader of it. Not shared between threads. The outcome depends on the events of the last `horizon` only.
 */
export class CorrelationProgram<E extends WindowEvent> {
  /** Base rules and correlations that must not be reported by themselves: they are parts of a correlation without `generate`. */
  readonly silent: ReadonlySet<string>
  /** Rules that can come out of `feed`. */
  readonly rules: readonly RuleInfo[]
  /** Those that are only parts of others. */
  readonly parts: readonly RuleInfo[]
  /**
   * Milliseconds of received time: after a restart, feeding the events received within this span before the last
   * processed one, with `emit: false`, restores the state that matters.
   */
  readonly horizon: number
  readonly #read: FieldReader<E>
  readonly #limits: CorrelationLimits
  readonly #nodes: readonly Node[]
  readonly #byBase = new Map<string, Node[]>()
  #clock = Number.NEGATIVE_INFINITY
  #order = 0
  #events = 0
  #byReceived = 0

  /** `rules`: lower ones first, as `link` gives them. */
  constructor(rules: readonly LinkedRule[], silent: ReadonlySet<string>, read: FieldReader<E>, limits: CorrelationLimits) {
    this.silent = silent
    this.#read = read
    this.#limits = limits
    this.#nodes = rules.map((rule) => ({
      rule,
      windows: new RuleWindows(rule, limits),
      parents: [],
      emits: !silent.has(rule.info.id),
      withheld: false,
      matches: [],
      raised: [],
    }))
    this.rules = this.#nodes.filter((node) => node.emits).map((node) => node.rule.info)
    this.parts = this.#nodes.filter((node) => !node.emits).map((node) => node.rule.info)
    this.horizon = rules.length === 0 ? 0 : limits.lateness + limits.ahead + Math.max(...rules.map((rule) => rule.lookBack))
    const byRule = new Map(this.#nodes.map((node) => [node.rule, node]))
    for (const node of this.#nodes) {
      const wants = node.rule.spec.type.startsWith('temporal') ? 'held' : 'fired'
      for (const { rule, stage } of node.rule.children) byRule.get(rule)?.parents.push({ node, stage, wants })
      for (const base of node.rule.bases.keys()) this.#byBase.set(base, [...(this.#byBase.get(base) ?? []), node])
    }
  }

  /** Ids of the base rules whose matches must be fed. */
  get watched(): ReadonlySet<string> {
    return new Set(this.#byBase.keys())
  }

  /**
   * `matched`: ids of the Sigma rules that the event matched, silent ones too. With `emit: false` only the windows change. `timed` runs
   * what one rule does with the event.
   */
  feed(event: E, matched: Iterable<string>, options: FeedOptions = {}): Detection[] {
    let concerned = false
    for (const id of matched) {
      for (const node of this.#byBase.get(id) ?? []) {
        if (!node.matches.includes(id)) node.matches.push(id)
        concerned = true
      }
    }
    if (!concerned) return []
    this.#events++
    this.#order += 2
    const byReceived = this.#advanceClock(event)
    const time = byReceived ? this.#clock : event.observed
    const origin: Origin = { kind: 'event', id: event.id, observed: event.observed, received: event.received, byReceived }
    const emit = options.emit !== false
    const detections: Detection[] = []
    const run = (node: Node): void => {
      if (node.matches.length > 0)
        for (const draft of this.#draftsOf(node, event))
          this.#insert(node, event.scope, { ...draft, time, order: this.#order, origin }, emit, detections)
      if (node.raised.length > 0) this.#insertRaised(node, event.scope, emit, detections)
    }
    for (const node of this.#nodes) {
      if (node.matches.length === 0 && node.raised.length === 0) continue
      if (node.withheld) {
        node.matches = []
        node.raised = []
      } else if (options.timed === undefined) run(node)
      else options.timed(node.rule.info, () => run(node))
    }
    return detections
  }

  /** Correlations with these ids, and no others, are left out from now on; those that stand on them hear nothing of them. */
  withhold(ids: ReadonlySet<string>): void {
    for (const node of this.#nodes) node.withheld = ids.has(node.rule.info.id)
  }

  /** Ids of the correlations that are built on the base rule or correlation, through all levels. */
  standingOn(id: string): readonly string[] {
    const itself = this.#nodes.find(({ rule }) => rule.info.id === id)
    const found = new Set<Node>(itself === undefined ? this.#byBase.get(id) : itself.parents.map(({ node }) => node))
    for (const node of found) for (const { node: parent } of node.parents) found.add(parent)
    return [...found].map(({ rule }) => rule.info.id)
  }

  stats(): CorrelationStats {
    return { events: this.#events, byReceivedTime: this.#byReceived, rules: this.#nodes.map((node) => node.windows.stats()) }
  }

  /** True when the observed time is not to be believed. */
  #advanceClock(event: E): boolean {
    this.#clock = Math.max(this.#clock, event.received)
    const ahead = event.observed - this.#clock
    const believed = ahead <= this.#limits.ahead && -ahead <= this.#limits.lateness
    if (!believed) this.#byReceived++
    return !believed
  }

  /** An event is one item, unless aliases read different groups from it for different rules. */
  #draftsOf(node: Node, event: E): Draft[] {
    const drafts = new Map<string, Draft>()
    for (const id of node.matches) {
      const read = (field: string): JsonValue | undefined =>
        this.#value(node.rule, field, id, (plain) => this.#read(event, plain, id))
      const draft = draftFrom(node, read, node.rule.bases.get(id) ?? 0)
      if (draft === undefined) continue
      const key = groupKey('', [...draft.group, ...draft.values])
      const same = drafts.get(key)
      if (same === undefined) drafts.set(key, draft)
      else same.stages |= draft.stages
    }
    node.matches = []
    return [...drafts.values()]
  }

  #insertRaised(node: Node, scope: string, emit: boolean, detections: Detection[]): void {
    const raised = node.raised.sort((a, b) => a.item.time - b.item.time || a.stage - b.stage)
    node.raised = []
    for (const { child, window, item, stage } of raised) {
      const handed = (plain: string): JsonValue | undefined => {
        const place = child.spec.groupBy.indexOf(plain)
        return place >= 0 ? item.group[place] : item.carried[child.carries.indexOf(plain)]
      }
      const draft = draftFrom(node, (field) => this.#value(node.rule, field, child.info.id, handed), stage)
      if (draft === undefined) continue
      const origin: Origin = { kind: 'correlation', window, item }
      // After every event of the same moment that is itself a stage: a count and what completed it do not follow one another.
      this.#insert(node, scope, { ...draft, time: item.time, order: this.#order + 1, origin }, emit, detections)
    }
  }

  #insert(
    node: Node,
    scope: string,
    placed: Draft & Pick<Item, 'time' | 'order' | 'origin'>,
    emit: boolean,
    detections: Detection[],
  ): void {
    const { fired, held, window } = node.windows.insert({ ...placed, holds: false, told: false }, scope, this.#clock)
    for (const item of held) {
      if (item.told) continue
      item.told = true
      for (const { node: parent, stage, wants } of node.parents)
        if (wants === 'held') parent.raised.push({ child: node.rule, window, item, stage })
    }
    for (const item of fired) {
      for (const { node: parent, stage, wants } of node.parents)
        if (wants === 'fired') parent.raised.push({ child: node.rule, window, item, stage })
      if (!emit) continue
      node.windows.fired++
      if (node.emits) detections.push(describeFiring(node.rule, window, item, scope))
    }
  }

  #value(
    rule: LinkedRule,
    field: string,
    reference: string,
    read: (plain: string) => JsonValue | undefined,
  ): JsonValue | undefined {
    const { field: plain, compute } = rule.sourceOf(field, reference)
    const value = read(plain)
    if (compute === undefined) return value
    const text = plainValue(value)
    return text === undefined ? undefined : derive(compute, valueText(text))
  }
}

function draftFrom(node: Node, read: (field: string) => JsonValue | undefined, stage: number): Draft | undefined {
  const { spec, carries } = node.rule
  const group: JsonValue[] = []
  for (const field of spec.groupBy) {
    const value = plainValue(read(field))
    if (value === undefined) {
      node.windows.withoutGroup++
      return undefined
    }
    group.push(value)
  }
  const raw = spec.valueFields.map(read)
  const values = spec.type === 'value_count' ? countedValues(raw) : spec.valueFields.length > 0 ? reckonedValues(raw) : []
  if (spec.valueFields.length > 0 && values.length === 0) {
    node.windows.withoutValue++
    return undefined
  }
  return { group, values, carried: carries.map(read), stages: 1 << stage }
}
