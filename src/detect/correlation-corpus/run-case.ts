import { readdirSync, readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { z } from 'zod'
import type { Detection, Refusal } from '../../kernel/detection.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { type CompiledCorrelations, compileCorrelations } from '../engines/correlation/compile.ts'
import type { CorrelationStats } from '../engines/correlation/program.ts'
import { loadRuleTexts } from '../engines/sigma/load/load.ts'
import { compileSigma, type SigmaProgram } from '../engines/sigma/match/program.ts'

const section = z.record(z.string(), z.unknown())
const corpusCase = z
  .strictObject({
    name: z.string().min(1),
    correlation: section.optional(),
    correlations: z.record(z.string(), section).optional(),
    generate: z.boolean().optional(),
    also: z.array(z.string()).default([]),
    limits: z.record(z.string(), z.number()).default({}),
    events: z.array(z.string()).default([]),
    fires: z.array(z.string()).optional(),
    refused: z.string().optional(),
    group: section.optional(),
    stats: z.record(z.string(), z.number()).optional(),
    byReceivedTime: z.number().optional(),
  })
  .refine((one) => (one.fires === undefined) !== (one.refused === undefined), { error: 'give fires or refused' })
export type CorpusCase = z.infer<typeof corpusCase> & { readonly file: string }

export interface CorpusEvent {
  readonly id: string
  readonly scope: string
  readonly observed: number
  readonly received: number
  readonly doc: JsonObject
}

export interface Ran {
  readonly fired: readonly string[]
  readonly detections: readonly Detection[]
  readonly stats: CorrelationStats
  readonly refused: readonly Refusal[]
}

/** All cases of the folder. Throws on one that is not written as README.md says. */
export function readCorpus(folder: URL): CorpusCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .flatMap((file) => {
      const cases = z.array(corpusCase).safeParse(load(readFileSync(new URL(file, folder), 'utf8')))
      if (!cases.success) throw new Error(`${file}: ${z.prettifyError(cases.error)}`)
      return cases.data.map((one) => ({ ...one, file }))
    })
}

interface Programs {
  readonly sigma: SigmaProgram
  readonly correlations: CompiledCorrelations<CorpusEvent>
}

function compile(one: CorpusCase): Programs {
  const sections = Object.entries(one.correlations ?? { c: one.correlation ?? {} })
  const named = JSON.stringify(sections.map(([, each]) => [each['rules'], each['condition']]))
  const bases = ['fail', 'success', 'dns', 'alarm'].filter((name) => named.includes(name) || one.also.includes(name))
  const { rules } = loadRuleTexts(
    bases.map((name) => ({
      file: `${name}.yml`,
      text: `title: ${name}\nid: id-${name}\nname: ${name}\nlogsource: {product: corpus}\ndetection: {sel: {kind: ${name}}, condition: sel}`,
    })),
  )
  // Matches are compiled with what correlations silence, and correlations read fields as the matching rule does.
  let sigma: SigmaProgram | undefined
  const correlations = compileCorrelations<CorpusEvent>({
    documents: sections.map(([id, each], index) => ({
      doc: {
        title: id,
        id,
        ...(one.generate === undefined ? {} : { generate: one.generate }),
        correlation: each as JsonObject,
      },
      file: `${id}.yml`,
      line: 1,
      version: `v${index}`,
    })),
    baseRules: rules.map(({ info, name }) => ({ id: info.id, name })),
    read: ({ doc }, field, rule) => sigma?.read(doc, field, rule),
    limits: one.limits,
  })
  sigma = compileSigma(rules, { silent: correlations.program.silent, assume: { product: 'corpus' } })
  return { sigma, correlations }
}

/** Runs the case; with `cut` the program is made anew before that event and fed the past that its horizon asks for. */
export function runCase(one: CorpusCase, cut?: number): Ran {
  const events = one.events.flatMap(eventsOf).map((event, index): CorpusEvent => ({ ...event, id: String(index + 1) }))
  let programs = compile(one)
  const detections: Detection[] = []
  const feed = (event: CorpusEvent, emit: boolean): Detection[] => {
    const matches = programs.sigma.match(event.doc)
    const correlated = programs.correlations.program.feed(
      event,
      matches.map(({ info }) => info.id),
      { emit },
    )
    const plain = matches.filter(({ silent }) => !silent).map(({ info }) => plainDetection(info, event))
    return emit ? [...plain, ...correlated] : []
  }
  for (const [index, event] of events.entries()) {
    if (index === cut) {
      programs = compile(one)
      const newest = Math.max(...events.slice(0, index).map(({ received }) => received))
      const since = newest - programs.correlations.program.horizon
      for (const past of events.slice(0, index)) if (past.received >= since) feed(past, false)
    }
    detections.push(...feed(event, true))
  }
  const { program, refused } = programs.correlations
  return { detections, refused, stats: program.stats(), fired: detections.map(shown) }
}

export function eventCount(one: CorpusCase): number {
  return one.events.flatMap(eventsOf).length
}

function plainDetection(rule: Detection['rule'], event: CorpusEvent): Detection {
  const { observed, received, scope } = event
  return { rule, eventIds: [event.id], eventCount: 1, fields: {}, conditions: [], group: {}, observed, received, scope }
}

/** `c: 1 2 3`, or `c: 1-3` where `fires` writes it so. */
function shown({ rule, eventIds }: Detection): string {
  return `${rule.id}: ${eventIds.join(' ')}`
}

/** `c: 1-4` → `c: 1 2 3 4`, cut as a detection cuts its list: the first 99 and the last. */
export function spelledOut(fires: string): string {
  const range = /^(\w+): (\d+)-(\d+)$/.exec(fires)
  if (range === null) return fires
  const [, rule, from, to] = range
  const ids = Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at)
  return `${rule}: ${(ids.length > 100 ? [...ids.slice(0, 99), ids.at(-1)] : ids).join(' ')}`
}

function eventsOf(line: string): Omit<CorpusEvent, 'id'>[] {
  const [when = '', kinds = '', ...parts] = line.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g) ?? []
  const [at = '', received] = when.split('@')
  const range = /^(\d+)\.\.(\d+)\/(\d+)$/.exec(at)
  const times =
    range === null
      ? [Number(at)]
      : Array.from(
          { length: (Number(range[2]) - Number(range[1])) / Number(range[3]) + 1 },
          (_, index) => Number(range[1]) + index * Number(range[3]),
        )
  const scope = parts.find((part) => part.startsWith('scope:'))?.slice('scope:'.length) ?? 'default'
  const fields = parts
    .filter((part) => !part.startsWith('scope:'))
    .map((part): [string, JsonValue] => {
      const end = part.indexOf('=')
      return [part.slice(0, end), fieldValue(part.slice(end + 1))]
    })
  const kind = kinds.split('+')
  const doc: JsonObject = { kind: kind.length === 1 ? kind[0]! : kind, ...Object.fromEntries(fields) }
  return times.map((time) => {
    if (!Number.isFinite(time)) throw new Error(`no time in the event '${line}'`)
    return { scope, observed: time * 1000, received: (received === undefined ? time : Number(received)) * 1000, doc }
  })
}

function fieldValue(text: string): JsonValue {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as JsonValue
    if (Array.isArray(value) || isJsonObject(value)) return value as JsonValue
  } catch {
    return text
  }
  return text
}
