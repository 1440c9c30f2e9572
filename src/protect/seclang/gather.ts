import { KanpekiError } from '../../kernel/error.ts'
import { type Action, parseActions } from './actions.ts'
import { directives } from './directives.ts'
import type { Draft, Marker, Refusal } from './draft.ts'
import { parseOperator } from './operator-use.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { parseTargets } from './targets.ts'
import type { Statement } from './words.ts'

/** What was read so far: directives are taken one after the other, and some change what is there. */
export class Gathered {
  readonly settings: Settings = defaultSettings()
  readonly items: (Draft | Marker)[] = []
  readonly refused: Refusal[] = []
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

  take(statement: Statement): void {
    try {
      const name = statement.words[0]!.toLowerCase()
      if (name === 'secrule') this.#rule(statement, statement.words[1], statement.words[2], statement.words[3])
      else if (name === 'secaction') this.#rule(statement, undefined, undefined, statement.words[1])
      else directives(name, statement, this)
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      this.refuse(statement, reasonOf(error))
    }
  }

  /** A rule that cannot be read takes its whole chain with it: a part of a chain would match too much. */
  #rule(statement: Statement, targets: string | undefined, operator: string | undefined, written: string | undefined): void {
    const before = this.open
    const continues = /(?:^|[\s,])chain\s*(?:,|$)/i.test(written ?? '')
    if (this.skipping) {
      this.skipping = continues
      return
    }
    this.open = undefined
    try {
      const draft = this.#read(statement, targets, operator, written ?? '', before)
      if (before === undefined) this.items.push(draft)
      else before.chain.push(draft)
      if (continues) this.open = before ?? draft
    } catch (error) {
      this.skipping = continues
      if (before !== undefined) this.items.splice(this.items.indexOf(before), 1)
      throw error
    }
  }

  #read(
    statement: Statement,
    targets: string | undefined,
    operator: string | undefined,
    written: string,
    first: Draft | undefined,
  ): Draft {
    const isAction = statement.words[0]!.toLowerCase() === 'secaction'
    if (!isAction && (targets === undefined || operator === undefined)) {
      throw new KanpekiError('seclang-rule', 'SecRule needs variables and an operator')
    }
    const actions = parseActions(written)
    const phase = first?.phase ?? phaseOf(actions)
    return {
      kind: 'rule',
      file: statement.file,
      line: statement.line,
      id: first === undefined ? this.#newId(actions) : 0,
      phase,
      targets: isAction ? [] : parseTargets(targets!),
      operator: isAction ? undefined : parseOperator(operator!),
      actions,
      defaults: this.defaults.get(phase) ?? [],
      tags: valuesOf(actions, 'tag'),
      msg: valuesOf(actions, 'msg').at(-1) ?? '',
      chain: [],
    }
  }

  #newId(actions: readonly Action[]): number {
    const written = valuesOf(actions, 'id').at(-1)
    const id = Number(written)
    if (written === undefined || !Number.isSafeInteger(id) || id <= 0) {
      throw new KanpekiError('seclang-id', written === undefined ? 'the rule has no id' : `"${written}" is no rule id`)
    }
    if (this.ids.has(id))
      throw new KanpekiError('seclang-id', `the rule id ${id} is taken`, { remedy: 'Give each rule its own id.' })
    this.ids.add(id)
    return id
  }
}

/** What was wrong and what to do, without the place, which a refusal has beside it. */
export function reasonOf(error: KanpekiError): string {
  return error.remedy === undefined ? error.message : `${error.message}. ${error.remedy}`.replace('.. ', '. ')
}

export function valuesOf(actions: readonly Action[], name: string): string[] {
  return actions.filter((action) => action.name === name).map((action) => action.value ?? '')
}

const PHASES: Readonly<Record<string, number>> = { request: 2, response: 4, logging: 5 }

export function phaseOf(actions: readonly Action[]): number {
  const written = valuesOf(actions, 'phase').at(-1)
  if (written === undefined) return 2
  const phase = PHASES[written.toLowerCase()] ?? Number(written)
  if (!Number.isInteger(phase) || phase < 1 || phase > 5) throw new KanpekiError('seclang-phase', `"${written}" is no phase`)
  return phase
}
