import type { RegexNode } from '../../platform/regex/ast.ts'
import type { Test } from '../operators/operator.ts'
import type { Interruption, MatchMessage } from '../transaction.ts'
import type { Column } from './column.ts'
import { Facts } from './facts.ts'
import { type Item, itemOf, nameOf } from './item.ts'
import type { Macro } from './macro.ts'
import type { Hits, Prefilter } from './prefilter.ts'
import type { Settings } from './settings.ts'
import type { CollectionStore, StoredCollection } from './store.ts'
import type { Target } from './targets.ts'
import type { Step } from './value.ts'
import type { ValueCache } from './value-cache.ts'
import type { Stage } from './variables.ts'

/** One variable as rules name it, with what they leave out of it. Rules that mean the same share it. */
export interface Atom {
  readonly number: number
  readonly stage: Stage
  readonly read: (run: Run) => readonly Item[]
}

/** An atom's values after a chain of transformations. Rules that mean the same share it. */
export interface Cell {
  readonly number: number
  readonly atom: Atom
  readonly steps: readonly Step[]
  /** Looks at the cell's values; absent where they are read anew each time. */
  readonly prefilter: Prefilter | undefined
}

/** What a rule does to the transaction when it matches. */
export type Effect = (run: Run) => void

export type Disruption =
  | { readonly kind: 'pass' }
  | { readonly kind: 'deny' | 'drop'; readonly status: number }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: Macro }
  | { readonly kind: 'allow'; readonly what: 'phase' | 'request' | 'all' }

/** How a rule's operator is run: compiled once, or again for each argument that its macros give. */
export interface OperatorUse {
  readonly negated: boolean
  readonly test: (run: Run) => Test
  /** An expression that occurs in every value in which the operator finds something; absent where none is known. */
  readonly occurs: RegexNode | undefined
  /** True where looking up what a test said before is cheaper than asking again. */
  readonly costly: boolean
  /** Says which operators are the same: `rx ^a`. */
  readonly key: string
}

/** The cells of a rule, where none of them can change between rules. Rules that look at the same share it. */
export interface Group {
  readonly number: number
  readonly cells: readonly Cell[]
  readonly prefilter: Prefilter
}

export interface Rule {
  /** Its place among all rules, by which `ctl` takes rules away. */
  readonly number: number
  /** 0 for the rules of a chain after its first. */
  readonly id: number
  readonly phase: number
  readonly file: string
  readonly line: number
  readonly tags: readonly string[]
  readonly msg: Macro
  /** The message before macros are expanded. */
  readonly writtenMsg: string
  readonly logdata: Macro
  readonly severity: number
  readonly log: boolean
  /** Absent in `SecAction`, which always matches. */
  operator: OperatorUse | undefined
  cells: readonly Cell[]
  /** Absent where a cell is read anew each time. */
  readonly group: Group | undefined
  /** The rule's bit in what the prefilter of its cells finds. */
  readonly bit: number | undefined
  /** Of a rule that looks at one member of `TX` as it is, as a third of the Core Rule Set does. */
  readonly soleTx: { readonly key: string; readonly counted: boolean } | undefined
  readonly capture: boolean
  readonly multiMatch: boolean
  readonly effects: readonly Effect[]
  readonly disruption: Disruption
  /** The next rule of the chain. */
  readonly next: Rule | undefined
  /** Where its phase goes on when it matched: how many rules further. 1 where it neither skips nor jumps. */
  jump: number
}

/** Numbers of atoms, cells and groups. */
export interface Changing {
  readonly atoms: readonly number[]
  readonly cells: readonly number[]
  readonly groups: readonly number[]
}

/** A compiled rule set. */
export interface Program {
  readonly settings: Settings
  /** The first rules of chains, by phase from 1 to 5. */
  readonly phases: readonly (readonly Rule[])[]
  readonly atoms: readonly Atom[]
  readonly cells: readonly Cell[]
  readonly groups: readonly Group[]
  readonly values: ValueCache
  /** Of those that change when the body or the response has come. */
  readonly changing: Readonly<Record<'body' | 'response', Changing>>
  /** Members of `TX` that are there from the start. */
  readonly initial: ReadonlyMap<string, TxMember>
}

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

/** A persistent collection in one transaction, and what it told of itself when it was opened: that stays until the end. */
export interface OpenedCollection {
  readonly key: string
  readonly stored: StoredCollection
  readonly changed: number
  readonly updates: number
  /** True where this transaction has changed it, which counts as one update. */
  written: boolean
}

/** One transaction's state, which rules read and their actions change. */
export class Run {
  readonly program: Program
  readonly facts: Facts
  readonly store: CollectionStore
  readonly now: () => number
  readonly tx = new Map<string, TxMember>()
  /** Persistent collections that `initcol` and its kin have opened, by name in upper case. */
  readonly opened = new Map<string, OpenedCollection>()
  readonly env = new Map<string, TxMember>()
  mode: 'detect' | 'block'
  /** Set by `ctl:ruleEngine=Off`: no rule runs any more. */
  off = false
  /** By rule number, where `ctl:ruleRemove…` took rules away. */
  removed: Uint8Array | undefined
  /** By rule number: targets that `ctl:ruleRemoveTarget…` took away. */
  removedTargets: ReadonlyMap<number, readonly Target[]> | undefined
  /** Members of the variables of `Program.atoms`, and what became of them, by number; kept while they cannot change. */
  readonly atoms: (Column | undefined)[]
  readonly cells: (Column | undefined)[]
  readonly groups: (Hits | false)[]
  matched: Matched | undefined
  /** All that matched in the current chain. */
  chainMatches: Matched[] = []
  /** The first rule of the chain that runs. */
  current: Rule | undefined
  highestSeverity = 255
  interruption: Interruption | undefined
  /** Set by `allow`: which phases are not run any more. */
  allowed: 'phase' | 'request' | 'all' | undefined
  readonly rules: number[] = []
  readonly messages: MatchMessage[] = []

  constructor(program: Program, mode: 'detect' | 'block', store: CollectionStore, now: () => number) {
    this.program = program
    this.mode = mode
    this.store = store
    this.now = now
    this.facts = new Facts(program.settings, program.values, now())
    this.atoms = new Array(program.atoms.length).fill(undefined)
    this.cells = new Array(program.cells.length).fill(undefined)
    this.groups = new Array(program.groups.length).fill(false)
    for (const [key, member] of program.initial) this.tx.set(key, { name: member.name, value: member.value })
  }

  /** What an XPath selects in an XML body. */
  xml(path: string): Item[] {
    const texts = this.facts.parsed.xml?.select(path) ?? []
    return texts.map((text) => itemOf('XML', path, text))
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
    const { atoms, cells, groups } = this.program.changing[stage]
    for (const number of atoms) this.atoms[number] = undefined
    for (const number of cells) this.cells[number] = undefined
    for (const number of groups) this.groups[number] = false
  }
}
