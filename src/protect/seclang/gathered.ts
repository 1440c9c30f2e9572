import type { Action } from './actions.ts'
import type { Draft, Marker, Refusal } from './draft.ts'
import { defaultSettings, type Settings } from './settings.ts'
import type { Statement } from './words.ts'

/** What was read so far: directives are taken one after the other, and some change what is there. */
export class Gathered {
  readonly settings: Settings = defaultSettings()
  readonly items: (Draft | Marker)[] = []
  readonly refused: Refusal[] = []
  /** Rules that load and never match, for what they ask is not to be had here. */
  readonly inert: Refusal[] = []
  /** Directives that are known and change nothing here. */
  readonly ignored: { readonly file: string; readonly line: number; readonly directive: string }[] = []
  readonly defaults = new Map<number, readonly Action[]>()
  readonly ids = new Set<number>()
  /** The chain that the next rule continues. */
  open: Draft | undefined
  /** True while the rules of a chain follow whose beginning was refused. */
  skipping = false

  get rules(): Draft[] {
    return this.items.filter((item) => item.kind === 'rule')
  }

  refuse(statement: Statement, reason: string): void {
    this.refused.push({ file: statement.file, line: statement.line, reason })
  }
}
