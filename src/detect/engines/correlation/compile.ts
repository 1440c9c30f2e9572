import { LEVELS, type Refusal } from '../../../kernel/detection.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { ruleInfo } from '../../rule-info.ts'
import type { WindowEvent } from './item.ts'
import { type CorrelationLimits, DEFAULT_LIMITS } from './limits.ts'
import { type BaseRule, link, type ParsedRule } from './link.ts'
import { CorrelationProgram, type FieldReader } from './program.ts'
import { parseSpec } from './spec.ts'
import { SpecFault } from './spec-fault.ts'

/** A YAML document with a `correlation:` section, as a rule loader hands it over. `line` is where it begins, 1-based. */
export interface CorrelationSource {
  readonly doc: JsonObject
  readonly file: string
  readonly line: number
  /** Hash of the document, as in RuleInfo.version. */
  readonly version: string
  /** Line of a key of the document, where the loader kept it. */
  readonly lineOf?: (path: readonly (string | number)[]) => number | undefined
}

export interface CompileOptions<E extends WindowEvent> {
  readonly documents: readonly CorrelationSource[]
  /** Sigma rules that were loaded, by id and name. */
  readonly baseRules: readonly BaseRule[]
  readonly read: FieldReader<E>
  readonly limits?: Partial<CorrelationLimits>
}

export interface CompiledCorrelations<E extends WindowEvent> {
  readonly program: CorrelationProgram<E>
  readonly refused: readonly Refusal[]
}

/** Compiles what can be understood completely; each other document is refused by file, line and reason. */
export function compileCorrelations<E extends WindowEvent>(options: CompileOptions<E>): CompiledCorrelations<E> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const refused: Refusal[] = []
  const sources = new Map<ParsedRule, CorrelationSource>()
  const ids = new Set(options.baseRules.map(({ id }) => id))
  for (const source of options.documents) {
    try {
      checkHead(source.doc)
      const spec = parseSpec(source.doc, limits.eventsPerGroup)
      const info = ruleInfo(source.doc, source)
      if (ids.has(info.id)) throw new SpecFault([], `another rule has the id "${info.id}"`)
      ids.add(info.id)
      sources.set({ info, name: nameOf(source.doc), spec }, source)
    } catch (error) {
      refused.push(refusal(source, error))
    }
  }
  const { rules, faults } = link([...sources.keys()], options.baseRules)
  for (const { rule, fault } of faults) {
    const source = sources.get(rule)
    if (source !== undefined) refused.push(refusal(source, fault))
  }
  const silent = silentRules(options.documents, options.baseRules)
  return { program: new CorrelationProgram(rules, silent, options.read, limits), refused }
}

function checkHead(doc: JsonObject): void {
  if (typeof doc['title'] !== 'string' || doc['title'].trim() === '') throw new SpecFault([], 'there is no title')
  const level = doc['level']
  if (level !== undefined && !LEVELS.some((each) => each === level))
    throw new SpecFault(['level'], `level must be one of ${LEVELS.join(', ')}, not ${JSON.stringify(level)}`)
}

function refusal(source: CorrelationSource, fault: unknown): Refusal {
  if (!(fault instanceof SpecFault)) throw fault
  const line = source.lineOf?.(fault.path) ?? source.line
  return { file: source.file, line, code: 'correlation-refused', reason: fault.message }
}

/**
 * Parts of correlations are silent unless one of these says `generate`. A refused correlation counts too: its parts were
 * written to be building blocks, and must not start to speak because of a fault elsewhere.
 */
function silentRules(documents: readonly CorrelationSource[], baseRules: readonly BaseRule[]): ReadonlySet<string> {
  const known = [...baseRules, ...documents.map(({ doc, ...place }) => ({ id: ruleInfo(doc, place).id, name: nameOf(doc) }))]
  const idsOf = new Map<string, string[]>()
  for (const { id, name } of known) for (const key of new Set([id, name ?? id])) idsOf.set(key, [...(idsOf.get(key) ?? []), id])
  for (const { id, formerly } of baseRules) for (const old of formerly ?? []) if (!idsOf.has(old)) idsOf.set(old, [id])
  const silent = new Set<string>()
  const speaking = new Set<string>()
  for (const { doc } of documents) {
    const section = isJsonObject(doc['correlation']) ? doc['correlation'] : {}
    const generates = section['generate'] ?? doc['generate']
    for (const reference of referencesOf(section)) {
      const speaks = generates === true || (Array.isArray(generates) && generates.includes(reference))
      for (const id of idsOf.get(reference) ?? []) (speaks ? speaking : silent).add(id)
    }
  }
  return silent.difference(speaking)
}

function referencesOf(section: JsonObject): string[] {
  const { rules, condition } = section
  if (Array.isArray(rules)) return (rules as readonly JsonValue[]).filter((rule) => typeof rule === 'string')
  if (typeof rules === 'string') return [rules]
  return typeof condition === 'string' ? condition.split(/[\s()]+/) : []
}

function nameOf(doc: JsonObject): string | undefined {
  return typeof doc['name'] === 'string' ? doc['name'] : undefined
}
