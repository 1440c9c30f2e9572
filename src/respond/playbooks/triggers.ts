import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { getPath } from '../../kernel/json.ts'
import type { Trigger } from './language/form.ts'
import { asText } from './language/values.ts'

/** An alert, as far as a playbook goes. */
export interface AlertFacts {
  readonly id: string
  readonly scope: string
  readonly title: string
  readonly rule: string
  readonly severity: number
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly entity: { readonly kind: string; readonly name: string }
  /** Found by searching what was stored long before: what it tells of may be over. */
  readonly past?: boolean
  /** What it is about and the fields that matched, by their ECS names. */
  readonly fields: JsonObject
}

/** What is kept of a playbook for the transaction that raises an alert. */
export interface Arming {
  readonly triggers: readonly Trigger[]
  readonly inputs: Readonly<Record<string, string>>
  /** Names of its external variables. */
  readonly external: readonly string[]
}

/**
 * Whether an alert begins a playbook. A trigger without any condition means every alert that tells of now: one about the past begins
 * only what asks for it, since an address or an account of last month may be somebody else's today.
 */
export function isTriggered(triggers: readonly Trigger[], alert: AlertFacts): boolean {
  return triggers.some(
    ({ rules, techniques, tactics, severity, entity, past }) =>
      (alert.past !== true || past === true) &&
      (rules === undefined || rules.includes(alert.rule)) &&
      (techniques === undefined ||
        alert.techniques.some((one) => techniques.some((wanted) => one === wanted || one.startsWith(`${wanted}.`)))) &&
      (tactics === undefined || alert.tactics.some((one) => (tactics as readonly string[]).includes(one))) &&
      (severity === undefined || alert.severity <= severity) &&
      (entity === undefined || (entity as readonly string[]).includes(alert.entity.kind)),
  )
}

/** The values that an alert gives to external variables; what it does not say is left out. */
export function givenBy(alert: AlertFacts, arming: Pick<Arming, 'inputs' | 'external'>): Record<string, string> {
  const { entity } = alert
  const field = (name: string): string | undefined => firstText(getPath(alert.fields, name))
  const known: Record<string, string | undefined> = {
    __alert__: alert.id,
    __alert_title__: alert.title,
    __rule__: alert.rule,
    __severity__: String(alert.severity),
    __techniques__: alert.techniques.join(','),
    __entity__: entity.name,
    __entity_kind__: entity.kind,
    __address__: entity.kind === 'address' ? entity.name : field('source.ip'),
    __user__: entity.kind === 'user' ? entity.name : field('user.name'),
    __host__: entity.kind === 'host' ? entity.name : field('host.name'),
    __url__: `/triage?alert=${encodeURIComponent(alert.id)}`,
  }
  const given: Record<string, string> = {}
  for (const name of arming.external) {
    const asked = arming.inputs[name]
    const value = asked === undefined ? known[name] : field(asked)
    if (value !== undefined) given[name] = value
  }
  return given
}

function firstText(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return firstText(value[0] as JsonValue | undefined)
  return asText(value)
}
