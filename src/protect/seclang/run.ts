import type { Interruption, MatchMessage } from '../transaction.ts'
import { Facts } from './facts.ts'
import { type Item, nameOf } from './item.ts'
import { expandMacro, type Lookup, type Macro } from './macro.ts'
import type { Program } from './program.ts'
import { stateVariables } from './state-variables.ts'
import type { CollectionStore, StoredCollection } from './store.ts'
import type { Target } from './targets.ts'
import { makeValues, type Value, type Values } from './value.ts'
import { variables } from './variables.ts'

/** A member of `TX`: its name as it was first written, and its value. */
export interface TxMember {
  readonly name: string
  value: string
}

/** What has matched last, for `MATCHED_VAR` and `MATCHED_VARS`. */
export interface Matched {
  readonly item: Item
  /** After the rule's transformations. */
  readonly text: string
}

/** One transaction's state, which rules read and their actions change. */
export class Run {
  readonly program: Program
  readonly facts: Facts
  readonly store: CollectionStore
  readonly now: () => number
  readonly values: Values = makeValues()
  readonly tx = new Map<string, TxMember>()
  /** Persistent collections that `initcol` and its kin have opened, by name in upper case. */
  readonly opened = new Map<string, { readonly key: string; readonly stored: StoredCollection }>()
  readonly env = new Map<string, TxMember>()
  mode: 'detect' | 'block'
  /** Set by `ctl:ruleEngine=Off`: no rule runs any more. */
  off = false
  /** By rule number, where `ctl:ruleRemove…` took rules away. */
  removed: Uint8Array | undefined
  /** By rule number: targets that `ctl:ruleRemoveTarget…` took away. */
  removedTargets: Map<number, Target[]> | undefined
  /** Members of the variables of `Program.atoms`, and what became of them, by number; kept while they cannot change. */
  readonly atoms: (readonly Item[] | undefined)[]
  readonly cells: (readonly Value[] | undefined)[]
  matched: Matched | undefined
  /** All that matched in the current chain. */
  chainMatches: Matched[] = []
  current: { readonly id: number; readonly msg: Macro; readonly severity: number } | undefined
  highestSeverity = 255
  interruption: Interruption | undefined
  /** Set by `allow`: which phases are not run any more. */
  allowed: 'phase' | 'request' | 'all' | undefined
  readonly rules: number[] = []
  readonly messages: MatchMessage[] = []
  readonly lookup: Lookup

  constructor(program: Program, mode: 'detect' | 'block', store: CollectionStore, now: () => number) {
    this.program = program
    this.mode = mode
    this.store = store
    this.now = now
    this.facts = new Facts(program.settings, now())
    this.atoms = new Array(program.atoms.length).fill(undefined)
    this.cells = new Array(program.cells.length).fill(undefined)
    for (const [key, member] of program.initial) this.tx.set(key, { name: member.name, value: member.value })
    this.lookup = (variable, key) => this.read(variable, key)
  }

  expand(macro: Macro): string {
    return typeof macro === 'string' ? macro : expandMacro(macro, this.lookup)
  }

  /** The first value of a variable, or of its member, for macros; an empty text where there is none. */
  read(variable: string, key: string | undefined): string {
    if (variable === 'TX' && key !== undefined) return this.tx.get(key)?.value ?? ''
    for (const item of this.itemsOf(variable)) if (key === undefined || item.lower === key) return item.text
    return ''
  }

  itemsOf(variable: string): readonly Item[] {
    if (variable === 'XML') return this.xml('/*')
    const state = stateVariables[variable]
    if (state !== undefined) return state(this)
    return variables[variable]?.items(this.facts) ?? []
  }

  /** What an XPath selects in an XML body. */
  xml(path: string): Item[] {
    const texts = this.facts.parsed.xml?.select(path) ?? []
    return texts.map((text) => ({ variable: 'XML', key: path, lower: path.toLowerCase(), text }))
  }

  setTx(name: string, value: string): void {
    const key = name.toLowerCase()
    const member = this.tx.get(key)
    if (member === undefined) this.tx.set(key, { name, value })
    else member.value = value
  }

  noteMatch(item: Item, text: string): void {
    this.matched = { item, text }
    this.chainMatches.push(this.matched)
  }

  get matchedName(): string {
    return this.matched === undefined ? '' : nameOf(this.matched.item)
  }

  /** Forgets what was read of variables that the body or the response has changed. */
  refresh(stage: 'body' | 'response'): void {
    for (const number of this.program.atomsOf[stage]) this.atoms[number] = undefined
    for (const number of this.program.cellsOf[stage]) this.cells[number] = undefined
  }
}
