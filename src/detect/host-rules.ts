import type { RuleInfo } from '../kernel/detection.ts'
import { getPath, type JsonObject } from '../kernel/json.ts'
import { classOf } from './engines/falco/event-class.ts'
import type { Expression as FalcoExpression } from './engines/falco/expression.ts'
import { EVENT_KINDS, eventKindOf } from './engines/falco/fields/kinds.ts'
import type { FalcoPlan, FalcoPlans } from './engines/falco/plan.ts'
import type { FalcoRule } from './engines/falco/rule.ts'
import type { Expression } from './engines/sigma/expression.ts'
import type { Pipelines } from './engines/sigma/pipelines/pipelines.ts'
import type { LogSource, SigmaRule } from './engines/sigma/rule.ts'
import { ecsShape } from './engines/sigma/shapes/ecs.ts'
import { shapeTables } from './engines/sigma/shapes/tables.ts'
import { DEFAULT_BUDGET, type Quarantined } from './rule-costs.ts'
import { RuleGuard } from './rule-guard.ts'
import { type RuleMatch, RuleProgram } from './rule-program.ts'

/** What an agent keeps of a rule's own words: people read the rest on the server; of those that stop something, in their language. */
type HostRuleInfo = Pick<RuleInfo, 'id' | 'version' | 'title' | 'level' | 'stop' | 'ja'>

/**
 * The rules that concern what happens on a Linux host, compiled as far as they can be written down: what an agent is handed.
 * All of it is plain JSON.
 */
export interface HostRules {
  /** Where ECS keeps what Sigma calls a field. */
  readonly fields: readonly (readonly [
    field: string,
    places: Pipelines['ecsFields'] extends ReadonlyMap<string, infer P> ? P : never,
  ])[]
  readonly sigma: readonly { readonly info: HostRuleInfo; readonly logsource: LogSource; readonly expression: Expression }[]
  readonly falco: readonly { readonly info: HostRuleInfo; readonly output: string; readonly expression: FalcoExpression }[]
}

/** The kind of events that Falco's system call rules find in an agent's. */
const ECS_KIND = 'ecs'
/** Beyond what a policy should weigh; the rest is run by the server alone. */
const MOST_RULES = 2_000

/** Events of an agent are of these categories of Sigma; a rule for one service reads a log, which the server does. */
const CATEGORIES: ReadonlySet<string | undefined> = new Set([
  undefined,
  'process_creation',
  'file_event',
  'file_change',
  'file_delete',
  'file_rename',
  'network_connection',
])

/** @param withheld ids of rules that are not evaluated. */
export function hostRulesOf(
  sigma: readonly SigmaRule[],
  falco: { readonly rules: readonly FalcoRule[]; readonly plans: FalcoPlans },
  { ecsFields }: Pick<Pipelines, 'ecsFields'>,
  withheld: (id: string) => boolean,
): HostRules {
  const infoOf = ({ id, version, title, level, stop, ja }: RuleInfo): HostRuleInfo => ({
    id,
    version,
    title,
    level,
    ...(stop === undefined ? {} : { stop }),
    ...(stop === undefined || ja?.title === undefined ? {} : { ja: { title: ja.title } }),
  })
  const plan = falco.plans.plans.find(({ kind }) => kind.id === ECS_KIND)
  const enabled = new Set(falco.rules.filter((rule) => rule.enabled).map(({ info }) => info.id))
  return {
    fields: [...ecsFields],
    sigma: sigma
      .filter(
        ({ info, logsource: { product, category, service } }) =>
          product === 'linux' && service === undefined && CATEGORIES.has(category) && !withheld(info.id),
      )
      .slice(0, MOST_RULES)
      .map(({ info, logsource, expression }) => ({ info: infoOf(info), logsource, expression })),
    falco: (plan?.rules ?? [])
      .filter(({ rule }) => enabled.has(rule.info.id) && !withheld(rule.info.id))
      .slice(0, MOST_RULES)
      .map(({ rule, expression }) => ({ info: infoOf(rule.info), output: rule.output, expression })),
  }
}

export interface HostEngine {
  readonly rules: number
  readonly match: (doc: JsonObject) => readonly RuleMatch[]
  /** Rules that used up their time since this was asked last: they are not evaluated any more. */
  readonly takeQuarantined: () => readonly Quarantined[]
}

/** The server's own matcher over the rules that it handed out. */
export function openHostEngine({ fields, sigma, falco }: HostRules): HostEngine {
  const shape = ecsShape(shapeTables(ecsOnly(fields)))
  const classify = (doc: JsonObject) => {
    const found = shape.classify(doc)
    if (found === undefined) throw new Error('an event of the agent without a category')
    return found
  }
  const infoOf = (info: HostRuleInfo): RuleInfo => ({ ...info, file: '', description: '', techniques: [], tactics: [] })
  const kind = EVENT_KINDS.find(({ id }) => id === ECS_KIND)!
  const falcoRules = falco.map(
    ({ info, output }): FalcoRule => ({
      info: { ...infoOf(info), engine: 'falco' },
      source: kind.source,
      condition: { kind: 'and', items: [] },
      output,
      enabled: true,
      tags: [],
      line: 1,
    }),
  )
  const plan: FalcoPlan = {
    kind,
    eventClass: classOf(kind),
    rules: falcoRules.map((rule, at) => ({ rule, expression: falco[at]!.expression })),
  }
  const plans: FalcoPlans = {
    plans: [plan],
    notRunnable: [],
    faults: [],
    planOf: (doc) => (eventKindOf(doc) === kind ? plan : undefined),
  }
  const program = new RuleProgram(
    sigma.map(
      ({ info, logsource, expression }): SigmaRule => ({
        info: infoOf(info),
        logsource,
        expression,
        name: undefined,
        tests: [],
        related: [],
        line: 1,
        document: {},
      }),
    ),
    { rules: falcoRules, plans },
    { classify },
  )
  const guard = new RuleGuard(program, DEFAULT_BUDGET)
  return {
    takeQuarantined: () => guard.take(),
    rules: sigma.length + falco.length,
    match: (doc) => (getPath(doc, 'event.category') === undefined ? [] : guard.match([{ id: '', doc }])[0]!),
  }
}

/** An agent's events are ECS, and nothing else has to be told apart. */
const ecsOnly = (fields: HostRules['fields']): Pipelines => ({
  channels: new Map(),
  channelOfProvider: new Map(),
  details: new Map(),
  eventFields: new Map(),
  categoryFields: new Map(),
  layouts: new Map(),
  ecsFields: new Map(fields),
  ecsSources: new Map(),
  programs: {
    authentication: new Set(),
    byProcessName: new Set(),
    services: new Map(),
    webServers: new Set(),
    proxies: new Set(),
  },
  shapes: [],
  placeholders: {},
})
