import { load } from 'js-yaml'
import type { Detection } from '../../../../kernel/detection.ts'
import { getPath, type JsonObject } from '../../../../kernel/json.ts'
import { type CompiledCorrelations, compileCorrelations } from '../compile.ts'
import type { CorrelationLimits } from '../limits.ts'
import type { BaseRule } from '../link.ts'

/** An event with the base rules it matched; `at` and `received` are seconds. */
export interface Fed {
  readonly id: string
  readonly at: number
  readonly received?: number
  readonly matched: readonly string[]
  readonly doc: JsonObject
}

interface TestEvent {
  readonly id: string
  readonly scope: string
  readonly observed: number
  readonly received: number
  readonly doc: JsonObject
}

export const BASES: readonly BaseRule[] = [
  { id: 'id-fail', name: 'fail' },
  { id: 'id-success', name: 'success' },
  { id: 'id-dns', name: 'dns' },
]

/** Compiles YAML texts, one correlation document each; the i-th stands in `i.yml`. */
export function compile(
  texts: readonly string[],
  limits: Partial<CorrelationLimits> = {},
  baseRules: readonly BaseRule[] = BASES,
): CompiledCorrelations<TestEvent> {
  const documents = texts.map((text, index) => ({
    doc: load(text) as JsonObject,
    file: `${index}.yml`,
    line: 1,
    version: `v${index}`,
  }))
  return compileCorrelations<TestEvent>({ documents, baseRules, limits, read: (event, field) => getPath(event.doc, field) })
}

/** Feeds in the order given; `received` defaults to `at`. */
export function feedAll(
  { program }: CompiledCorrelations<TestEvent>,
  events: readonly Fed[],
  options: { readonly emit?: boolean } = {},
): Detection[] {
  return events.flatMap(({ id, at, received, matched, doc }) =>
    program.feed({ id, scope: 'default', observed: at * 1000, received: (received ?? at) * 1000, doc }, matched, options),
  )
}

/** `rule: first…last` for each detection: what tests compare. */
export function brief(detections: readonly Detection[]): string[] {
  return detections.map(({ rule, eventIds, eventCount }) => `${rule.id}: ${eventIds[0]}…${eventIds.at(-1)} ${eventCount}`)
}
