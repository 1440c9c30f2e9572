import { KanpekiError } from '../../kernel/error.ts'
import { chooseById, chooseByText } from './choose.ts'
import type { Effect, Rule, Run } from './program.ts'
import { parseTargets, type Target } from './targets.ts'

type Ctl = (value: string, rules: () => readonly Rule[]) => Effect

const nothing: Effect = () => undefined

function onOff(value: string, set: (run: Run, on: boolean) => void): Effect {
  const on = value.toLowerCase() === 'on'
  return (run) => set(run, on)
}

/** What takes rules away finds them once, when it first runs: then all rules are known. */
function removal(choose: (rules: readonly Rule[]) => readonly Rule[], rules: () => readonly Rule[]): Effect {
  let chosen: readonly Rule[] | undefined
  return (run) => {
    chosen ??= choose(rules())
    run.removed ??= new Uint8Array(rules().length)
    for (const rule of chosen) run.removed[rule.number] = 1
  }
}

function targetRemoval(
  text: string,
  choice: (what: string) => (rules: readonly Rule[]) => readonly Rule[],
  rules: () => readonly Rule[],
): Effect {
  const semicolon = text.indexOf(';')
  if (semicolon < 0) throw new KanpekiError('seclang-ctl', `ctl needs RULES;TARGET, not "${text}"`)
  const choose = choice(text.slice(0, semicolon).trim())
  const targets = parseTargets(text.slice(semicolon + 1).trim())
  let removed: ReadonlyMap<number, readonly Target[]> | undefined
  return (run) => {
    removed ??= new Map(choose(rules()).map(({ number }) => [number, targets]))
    run.removedTargets = run.removedTargets === undefined ? removed : merged(run.removedTargets, removed)
  }
}

function merged<T>(
  one: ReadonlyMap<number, readonly T[]>,
  other: ReadonlyMap<number, readonly T[]>,
): ReadonlyMap<number, readonly T[]> {
  const both = new Map(one)
  for (const [number, targets] of other) both.set(number, [...(one.get(number) ?? []), ...targets])
  return both
}

const byId = (ids: string) => (rules: readonly Rule[]) => chooseById(rules, ids)
const byTag = (pattern: string) => (rules: readonly Rule[]) => chooseByText(rules, pattern, (rule) => rule.tags)
const byMsg = (pattern: string) => (rules: readonly Rule[]) => chooseByText(rules, pattern, (rule) => [rule.writtenMsg])

/** The options of `ctl:`, by their name in lower case. Those of audit and debug logs load and change nothing. */
export const ctlOptions: Readonly<Record<string, Ctl>> = {
  auditengine: () => nothing,
  auditlogparts: () => nothing,
  debugloglevel: () => nothing,
  hashenforcement: () => nothing,
  hashengine: () => nothing,
  forcerequestbodyvariable: (value) => onOff(value, (run, on) => (run.facts.bodyForced = on)),
  requestbodyaccess: (value) => onOff(value, (run, on) => (run.facts.bodyAccess = on)),
  requestbodylimit: (value) => limit(value, (run, bytes) => (run.facts.bodyLimit = bytes)),
  requestbodyprocessor: (value) => (run) => (run.facts.processor = value.toUpperCase()),
  responsebodyaccess: (value) => onOff(value, (run, on) => (run.facts.responseAccess = on)),
  responsebodylimit: () => nothing,
  ruleengine: (value) => {
    const wanted = value.toLowerCase()
    if (wanted === 'off') return (run) => (run.off = true)
    // Blocking is switched on from outside only: a rule cannot turn detection into blocking.
    return wanted === 'detectiononly' ? (run) => (run.mode = 'detect') : nothing
  },
  ruleremovebyid: (value, rules) => removal(byId(value), rules),
  ruleremovebytag: (value, rules) => removal(byTag(value), rules),
  ruleremovebymsg: (value, rules) => removal(byMsg(value), rules),
  ruleremovetargetbyid: (value, rules) => targetRemoval(value, byId, rules),
  ruleremovetargetbytag: (value, rules) => targetRemoval(value, byTag, rules),
  ruleremovetargetbymsg: (value, rules) => targetRemoval(value, byMsg, rules),
}

function limit(value: string, set: (run: Run, bytes: number) => void): Effect {
  const bytes = Number(value)
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new KanpekiError('seclang-ctl', `"${value}" is no number of bytes`)
  return (run) => set(run, bytes)
}

export function compileCtl(text: string, rules: () => readonly Rule[]): Effect {
  const equals = text.indexOf('=')
  const name = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase()
  const option = Object.hasOwn(ctlOptions, name) ? ctlOptions[name] : undefined
  if (option === undefined) throw new KanpekiError('seclang-ctl', `there is no ctl option ${name}`)
  return option(equals < 0 ? '' : text.slice(equals + 1).trim(), rules)
}
