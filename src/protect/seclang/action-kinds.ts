import { KanpekiError } from '../../kernel/error.ts'
import type { Action } from './actions.ts'
import { compileCtl } from './ctl.ts'
import { parseMacro } from './macro.ts'
import type { Disruption, Effect, Rule } from './program.ts'
import { compileDeprecatevar, compileExpirevar, compileInitcol, compileOpen, compileSetvar } from './variable-set.ts'

type MakeEffect = (value: string, rules: () => readonly Rule[]) => Effect

/** Actions that change the transaction, by name in lower case. */
const effects: Readonly<Record<string, MakeEffect>> = {
  ctl: compileCtl,
  deprecatevar: compileDeprecatevar,
  expirevar: compileExpirevar,
  initcol: compileInitcol,
  setenv: (value) => compileSetvar(value.startsWith('!') ? `!env.${value.slice(1)}` : `env.${value}`),
  setrsc: (value) => compileOpen('RESOURCE', value),
  setsid: (value) => compileOpen('SESSION', value),
  setuid: (value) => compileOpen('USER', value),
  setvar: compileSetvar,
}

/** Actions that the loader reads by itself, or that say something about the rule. */
const READ_ELSEWHERE = `accuracy capture chain id log logdata maturity msg multimatch nolog phase rev severity skip
  skipafter status t tag ver`

/** Actions that load and change nothing: audit logs are written in Kanpeki's own way, and no body is rewritten. */
const WITHOUT_EFFECT = `append auditlog noauditlog pause prepend sanitisearg sanitisematched sanitisematchedbytes
  sanitiserequestheader sanitiseresponseheader sanitizearg sanitizematched sanitizematchedbytes sanitizerequestheader
  sanitizeresponseheader xmlns`

const DISRUPTIVE = 'allow block deny drop pass redirect'

const known = new Set([
  ...Object.keys(effects),
  ...[READ_ELSEWHERE, WITHOUT_EFFECT, DISRUPTIVE].flatMap((names) => names.split(/\s+/)),
])

/** `exec` and `proxy` are not known on purpose: a rule that needs them is refused rather than run by half. */
export function isKnownAction(name: string): boolean {
  return known.has(name)
}

export function effectOf(action: Action, rules: () => readonly Rule[]): Effect | undefined {
  const make = Object.hasOwn(effects, action.name) ? effects[action.name] : undefined
  if (make === undefined) return undefined
  if (action.value === undefined) throw new KanpekiError('seclang-action', `the action ${action.name} needs a value`)
  return make(action.value, rules)
}

const disruptiveNames = new Set(DISRUPTIVE.split(' '))

/** The rule's last disruptive action; `block` and none at all mean that of `SecDefaultAction`, or else pass. */
export function disruptionOf(actions: readonly Action[], defaults: readonly Action[]): Disruption {
  const own = actions.findLast(({ name }) => disruptiveNames.has(name))
  const chosen = own === undefined || own.name === 'block' ? defaults.findLast(({ name }) => disruptiveNames.has(name)) : own
  const written = [...defaults, ...actions].findLast(({ name }) => name === 'status')?.value
  const status = statusOf(written, chosen?.name === 'redirect' ? 302 : 403)
  switch (chosen?.name) {
    case 'deny':
    case 'drop':
      return { kind: chosen.name, status }
    case 'redirect':
      if (chosen.value === undefined) throw new KanpekiError('seclang-action', 'redirect needs a location')
      return { kind: 'redirect', status: status >= 300 && status < 400 ? status : 302, location: parseMacro(chosen.value) }
    case 'allow':
      return { kind: 'allow', what: allowed(chosen.value) }
    default:
      return { kind: 'pass' }
  }
}

function statusOf(written: string | undefined, otherwise: number): number {
  if (written === undefined) return otherwise
  const status = Number(written)
  if (!Number.isInteger(status) || status < 100 || status > 599)
    throw new KanpekiError('seclang-action', `"${written}" is no HTTP status`)
  return status
}

function allowed(value: string | undefined): 'phase' | 'request' | 'all' {
  if (value === undefined) return 'all'
  const lower = value.toLowerCase()
  if (lower === 'phase' || lower === 'request') return lower
  throw new KanpekiError('seclang-action', `allow takes phase or request, not "${value}"`)
}

const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug']

/** 0 (emergency) to 7 (debug); 255 where a rule has none. */
export function severityOf(written: string | undefined): number {
  if (written === undefined) return 255
  const index = SEVERITIES.indexOf(written.toLowerCase())
  const number = index < 0 ? Number(written) : index
  if (!Number.isInteger(number) || number < 0 || number > 7)
    throw new KanpekiError('seclang-action', `"${written}" is no severity`)
  return number
}
