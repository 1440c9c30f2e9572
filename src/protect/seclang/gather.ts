import { KanpekiError } from '../../kernel/error.ts'
import { type Action, parseActions, phaseOf, reasonOf, valuesOf } from './actions.ts'
import { directives } from './directives.ts'
import type { Draft } from './draft.ts'
import type { Gathered } from './gathered.ts'
import { parseOperator } from './operator-use.ts'
import { parseTargets } from './targets.ts'
import type { Statement } from './words.ts'

/** Takes one statement in. What cannot be read is refused by its place, never thrown. */
export function take(gathered: Gathered, statement: Statement): void {
  try {
    const name = statement.words[0]!.toLowerCase()
    if (name === 'secrule') takeRule(gathered, statement, statement.words[1], statement.words[2], statement.words[3])
    else if (name === 'secaction') takeRule(gathered, statement, undefined, undefined, statement.words[1])
    else directives(name, statement, gathered)
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    gathered.refuse(statement, reasonOf(error))
  }
}

/** A rule that cannot be read takes its whole chain with it: a part of a chain would match too much. */
function takeRule(
  gathered: Gathered,
  statement: Statement,
  targets: string | undefined,
  operator: string | undefined,
  written: string | undefined,
): void {
  const before = gathered.open
  const continues = hasChain(written ?? '')
  if (gathered.skipping) {
    gathered.skipping = continues
    return
  }
  gathered.open = undefined
  try {
    const draft = readRule(gathered, statement, targets, operator, written ?? '', before)
    if (before === undefined) gathered.items.push(draft)
    else before.chain.push(draft)
    if (continues) gathered.open = before ?? draft
  } catch (error) {
    gathered.skipping = continues
    if (before !== undefined) dropItem(gathered, before)
    throw error
  }
}

/** A text that cannot be read is searched: the rules that follow must not come apart from a chain that is refused. */
function hasChain(written: string): boolean {
  try {
    return parseActions(written).some(({ name }) => name === 'chain')
  } catch {
    return /(?:^|[\s,"])chain\s*(?:[,"]|$)/i.test(written)
  }
}

/** Refuses a chain that no rule follows: its beginning alone would match too much. */
export function endChains(gathered: Gathered): void {
  const { open } = gathered
  if (open === undefined) return
  gathered.open = undefined
  if (!dropItem(gathered, open)) return
  gathered.refuse({ file: open.file, line: open.line, words: [] }, 'the chain has no further rule')
}

/** False where a directive has taken the rule away already. */
function dropItem(gathered: Gathered, rule: Draft): boolean {
  const at = gathered.items.indexOf(rule)
  if (at !== -1) gathered.items.splice(at, 1)
  return at !== -1
}

const ENDS = new Set(['allow', 'block', 'deny', 'drop', 'redirect'])

function readRule(
  gathered: Gathered,
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
  const ending = first === undefined ? undefined : actions.find(({ name }) => ENDS.has(name))
  if (ending !== undefined) {
    throw new KanpekiError('seclang-chain', `${ending.name} stands in the middle of a chain`, {
      remedy: 'Write it in the first rule of the chain, or take chain off the rule before.',
    })
  }
  const phase = first?.phase ?? phaseOf(actions)
  return {
    kind: 'rule',
    file: statement.file,
    line: statement.line,
    id: first === undefined ? newId(gathered, actions) : 0,
    phase,
    targets: isAction ? [] : parseTargets(targets!),
    operator: isAction ? undefined : parseOperator(operator!),
    actions,
    defaults: gathered.defaults.get(phase) ?? [],
    tags: valuesOf(actions, 'tag'),
    msg: valuesOf(actions, 'msg').at(-1) ?? '',
    chain: [],
  }
}

function newId(gathered: Gathered, actions: readonly Action[]): number {
  const written = valuesOf(actions, 'id').at(-1)
  const id = Number(written)
  if (written === undefined || !Number.isSafeInteger(id) || id <= 0) {
    throw new KanpekiError('seclang-id', written === undefined ? 'the rule has no id' : `"${written}" is no rule id`)
  }
  if (gathered.ids.has(id))
    throw new KanpekiError('seclang-id', `the rule id ${id} is taken`, { remedy: 'Give each rule its own id.' })
  gathered.ids.add(id)
  return id
}
