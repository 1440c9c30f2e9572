import type { Detection, MatchedCondition, Refusal, RuleInfo } from '../kernel/detection.ts'
import type { StoredEvent } from '../kernel/event.ts'
import { getPath, isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { CorrelationGuard } from './correlation-guard.ts'
import { compileCorrelations } from './engines/correlation/compile.ts'
import type { CorrelationStats } from './engines/correlation/program.ts'
import { loadRuleFiles } from './engines/sigma/load/read-files.ts'
import { formerIds } from './engines/sigma/load/related.ts'
import { readPlace } from './engines/sigma/match/read-field.ts'
import type { Pipelines } from './engines/sigma/pipelines/pipelines.ts'
import { ownPipelines, readPipelines } from './engines/sigma/pipelines/read.ts'
import type { LoadedRules } from './engines/sigma/rule.ts'
import { classifier } from './engines/sigma/shapes/registry.ts'
import { falcoRules } from './falco-program.ts'
import { type HostRules, hostRulesOf } from './host-rules.ts'
import { DEFAULT_BUDGET, type Quarantined, type RuleBudget } from './rule-costs.ts'
import { RuleGuard, type Texts } from './rule-guard.ts'
import { type RuleMatch, RuleProgram } from './rule-program.ts'

/** All engines over one set of rule files: events in the order of the log, detections out. One a thread. */
export interface RuleSet {
  /** Rules that can be reported. */
  readonly rules: readonly RuleInfo[]
  /** These, and the silent parts of correlations. */
  readonly all: readonly RuleInfo[]
  readonly refused: readonly Refusal[]
  /** Milliseconds of received time that open windows need after a restart. */
  readonly horizon: number
  /** With `emit` false only the windows are filled. */
  run(events: readonly StoredEvent[], emit: boolean): Detection[]
  /** The first half of `run`, which needs no place in the log: what each event matches by itself. */
  match(events: readonly MatchedEvent[], texts?: Texts): readonly RuleMatches[]
  /** The other half, in the order of the log, for those that match something. */
  feed(event: StoredEvent, matches: RuleMatches, emit: boolean): Detection[]
  /** Rules that used up their time since this was asked last. */
  takeQuarantined(): readonly Quarantined[]
  /** Leaves rules out that were quarantined before. */
  withhold(ids: Iterable<string>): void
  /** Evaluates a quarantined rule again; false where it was none. */
  release(id: string): boolean
  /** Correlations that cannot speak without this rule. */
  standingOn(id: string): readonly string[]
  /** Those that agents run on their hosts, as they stand now. */
  forHosts(): HostRules
  /**
   * What the agent of the host found in the event by these rules. Where this set finds it too, both are one detection; an agent
   * that still has another version of a rule says nothing here, for this one has been asked.
   */
  foundOnHost(event: Omit<StoredEvent, 'sequence'>): Detection[]
  /** What the windows hold, ignored and had to forget. */
  correlationStats(): CorrelationStats
}

type MatchedEvent = Pick<StoredEvent, 'id' | 'doc'>

/** Rules that one event matched by itself: they hold on to its document. */
export type RuleMatches = readonly RuleMatch[]

/** Whom an alert is about, where the rule is no correlation: the first of these that the event names. */
const ENTITY_FIELDS = ['host.name', 'host.hostname', 'source.ip', 'user.name', 'completeness.source'] as const

/**
 * Reads rules from files and folders; what is refused is named and the rest runs.
 * @param shown how a file's path is shown to people, e.g. without the folder of the installation.
 * @param pipelinePaths pipelines besides those that ship: names of fields and sources, values of placeholders.
 */
export function loadRuleSet(
  paths: readonly string[],
  shown: (file: string) => string = (file) => file,
  pipelinePaths: readonly string[] = [],
): RuleSet {
  const { pipelines, refused: faults } = readPipelines(pipelinePaths)
  const { rules, correlations, lists, refused } = loadRuleFiles(paths, { placeholders: pipelines.placeholders })
  const loaded = {
    rules: rules.map((rule) => ({ ...rule, info: { ...rule.info, file: shown(rule.info.file) } })),
    correlations: correlations.map((one) => ({ ...one, file: shown(one.file) })),
    lists: lists.map((one) => ({ ...one, file: shown(one.file) })),
    refused: [...refused, ...faults].map((one) => ({ ...one, file: shown(one.file) })),
  }
  return ruleSetOf(loaded, pipelines)
}

export function ruleSetOf(
  loaded: LoadedRules,
  pipelines: Pipelines = ownPipelines(),
  budget: RuleBudget = DEFAULT_BUDGET,
): RuleSet {
  const categories = new Map(loaded.rules.map((rule) => [rule.info.id, rule.logsource.category]))
  const classify = classifier(undefined, pipelines)
  const correlations = compileCorrelations<StoredEvent>({
    documents: loaded.correlations,
    baseRules: loaded.rules.map((rule) => ({ id: rule.info.id, name: rule.name, formerly: formerIds(rule) })),
    read: ({ doc }, field, ruleId) => readField(doc, field, categories.get(ruleId)),
  })
  const { program } = correlations
  const falco = falcoRules(loaded.lists)
  const rules = new RuleProgram(loaded.rules, falco, { silent: program.silent, classify })

  const guard = new RuleGuard(rules, budget)
  const correlationGuard = new CorrelationGuard(program, budget)
  const byId = new Map(rules.rules.map((rule) => [rule.id, rule]))

  function readField(doc: JsonObject, field: string, category: string | undefined): JsonValue | undefined {
    for (const place of classify(doc).places(field, category)) {
      const value = readPlace(doc, place)
      if (value !== undefined) return value
    }
    return undefined
  }

  const match: RuleSet['match'] = (events, texts) => guard.match(events, texts)

  function feed(event: StoredEvent, matches: RuleMatches, emit: boolean): Detection[] {
    if (matches.length === 0) return []
    const ids = matches.map((one) => one.info.id)
    const correlated = correlationGuard.feed(event, ids, emit)
    if (!emit) return []
    const plain = matches.filter((one) => !one.silent).map((one) => detectionOf(one, event))
    return [...plain, ...correlated]
  }

  return {
    rules: [...rules.rules.filter(({ id }) => !program.silent.has(id)), ...program.rules],
    all: [...rules.rules, ...program.rules, ...program.parts],
    refused: [...loaded.refused, ...falco.refused, ...correlations.refused],
    horizon: program.horizon,
    match,
    feed,
    run: (events, emit) => {
      const matches = match(events)
      return events.flatMap((event, index) => feed(event, matches[index]!, emit))
    },
    takeQuarantined: () => [...guard.take(), ...correlationGuard.take()],
    withhold: (ids) => {
      const names = [...ids]
      guard.withhold(names)
      correlationGuard.withhold(names)
    },
    // Asked of both: a rule that was quarantined before a restart is withheld by both.
    release: (id) => [guard.release(id), correlationGuard.release(id)].includes(true),
    forHosts: () =>
      hostRulesOf(
        loaded.rules.filter(({ info }) => !program.silent.has(info.id)),
        falco,
        pipelines,
        (id) => guard.isWithheld(id),
      ),
    foundOnHost: (event) =>
      foundIn(event.doc).flatMap(({ id, version }): Detection[] => {
        const rule = byId.get(id)
        if (rule === undefined || rule.version !== version || program.silent.has(id)) return []
        return [
          {
            rule,
            eventIds: [event.id],
            eventCount: 1,
            fields: {},
            conditions: [{ text: 'found on the host by its agent', fields: [HOST_DETECTIONS] }],
            group: entityOf(event),
            observed: event.observed,
            received: event.received,
            scope: event.scope,
          },
        ]
      }),
    standingOn: (id) => program.standingOn(id),
    correlationStats: () => program.stats(),
  }
}

/** Where an agent writes what it found in an event. */
const HOST_DETECTIONS = 'kanpeki_agent.detections'
const MOST_FOUND = 50

function foundIn(doc: JsonObject): { readonly id: string; readonly version: string }[] {
  const found = getPath(doc, HOST_DETECTIONS)
  if (!Array.isArray(found)) return []
  return (found as readonly JsonValue[]).slice(0, MOST_FOUND).flatMap((one) => {
    const rule = isJsonObject(one) ? one['rule'] : undefined
    if (!isJsonObject(rule)) return []
    const { id, version } = rule
    return typeof id === 'string' && typeof version === 'string' ? [{ id, version }] : []
  })
}

function detectionOf(match: RuleMatch, event: StoredEvent): Detection {
  return {
    rule: match.info,
    eventIds: [event.id],
    eventCount: 1,
    fields: match.fields,
    conditions: conditionsOf(match),
    group: entityOf(event),
    observed: event.observed,
    received: event.received,
    scope: event.scope,
  }
}

/** The rule's own words, `Image|endswith: \cmd.exe`, so that they are found again in its text; before them what a Falco rule prints. */
function conditionsOf(match: RuleMatch): MatchedCondition[] {
  if ('output' in match) {
    const tests = match.conditions.map(({ field, modifiers, expected, place }) => ({
      text: [field, ...modifiers, expected].join(' ').trim(),
      fields: place === '' ? [] : [place],
    }))
    return [{ text: match.output, fields: [] }, ...tests]
  }
  return match.conditions.map(({ field, modifiers, expected, place }) => {
    const name = [field === '' ? 'keyword' : field, ...modifiers].join('|')
    return { text: `${name}: ${expected}`, fields: place === '' ? [] : [place] }
  })
}

function entityOf(event: Pick<StoredEvent, 'doc' | 'source'>): JsonObject {
  for (const field of ENTITY_FIELDS) {
    const value = getPath(event.doc, field)
    if (typeof value === 'string' && value !== '') return { [field]: value }
  }
  return { source: event.source }
}
