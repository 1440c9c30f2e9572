import { CORE_SCHEMA, constructFromEvents, EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml'
import { prepared } from '../../../../platform/prepared.ts'
import type { YamlPath } from '../parse/refuse.ts'

/** One YAML document of a file. */
export interface YamlDocument {
  readonly value: unknown
  /** 1-based line where its content begins. */
  readonly line: number
  /** 1-based line of the deepest part of the path that exists. */
  lineOf(path: YamlPath): number
}

/** What is kept of a text without faults when Kanpeki is built. */
export type PreparedDocuments = readonly Pick<YamlDocument, 'value' | 'line'>[]

export interface YamlFault {
  readonly line: number
  readonly reason: string
}

/** An alias may not repeat more than this: enough for people, too few for an alias bomb. */
const MOST_ALIASES = 100

/**
 * Reads every document of a file. A document with a syntax error does not disturb the others: the file is then split
 * at its `---` lines and each part is read alone.
 */
export function readDocuments(text: string): { documents: YamlDocument[]; faults: YamlFault[] } {
  const known = prepared('documents', text) as PreparedDocuments | undefined
  if (known === undefined) return parseDocuments(text)
  let parsed: readonly YamlDocument[] | undefined
  const lineOf = (index: number, path: YamlPath): number => {
    parsed ??= parseDocuments(text).documents
    return parsed[index]!.lineOf(path)
  }
  return {
    documents: known.map(({ value, line }, index) => ({ value, line, lineOf: (path) => lineOf(index, path) })),
    faults: [],
  }
}

/** The same of a text that nobody read before. */
export function parseDocuments(text: string): { documents: YamlDocument[]; faults: YamlFault[] } {
  const whole = readPart(text, 0)
  if (!('fault' in whole) || !/^---/m.test(text)) return collect([whole])
  const linesBefore = lineCounter(text)
  const parts: ReturnType<typeof readPart>[] = []
  let start = 0
  for (const match of text.matchAll(/^---[^\n]*\n/gm)) {
    if (text.slice(start, match.index).trim() !== '') parts.push(readPart(text.slice(start, match.index), linesBefore(start)))
    start = match.index + match[0].length
  }
  if (text.slice(start).trim() !== '') parts.push(readPart(text.slice(start), linesBefore(start)))
  return collect(parts)
}

function collect(parts: readonly ReturnType<typeof readPart>[]): { documents: YamlDocument[]; faults: YamlFault[] } {
  return {
    documents: parts.flatMap((part) => ('documents' in part ? part.documents : [])),
    faults: parts.flatMap((part) => ('fault' in part ? [part.fault] : [])),
  }
}

/** A closing bracket no deeper than its key: YAML forbids it, libyaml takes it, and people write it. */
const SHALLOW_BRACKET = /^([ \t]*)(?=[\]}][ \t]*,?[ \t]*(?:#.*)?$)/gm

function readPart(text: string, linesAbove: number): { documents: YamlDocument[] } | { fault: YamlFault } {
  const read = readStrictly(text, linesAbove)
  if (!('fault' in read) || read.fault.reason !== 'deficient indentation') return read
  const deeper = readStrictly(text.replace(SHALLOW_BRACKET, '$1 '), linesAbove)
  return 'fault' in deeper ? read : deeper
}

function readStrictly(text: string, linesAbove: number): { documents: YamlDocument[] } | { fault: YamlFault } {
  try {
    const events = parseEvents(text, {})
    const linesBefore = lineCounter(text)
    const values = constructFromEvents(events, { source: text, schema: CORE_SCHEMA, maxAliases: MOST_ALIASES })
    const starts = events.flatMap((event, index) => (event.type === EVENT_ID.DOCUMENT ? [index] : []))
    return {
      documents: values.map((value, index) => {
        const from = starts[index]! + 1
        return {
          value,
          line: linesAbove + linesBefore(offsetOf(events, from)) + 1,
          lineOf: (path) => linesAbove + linesBefore(locate(text, events, from, path)) + 1,
        }
      }),
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const mark = error instanceof YAMLException ? error.mark : undefined
    const reason = error instanceof YAMLException ? error.reason : error.message
    return { fault: { line: linesAbove + (mark?.line ?? 0) + 1, reason } }
  }
}

/** How many lines stand before an offset of the text. A file of ten thousand rules asks ten thousand times. */
function lineCounter(text: string): (offset: number) => number {
  let ends: number[] | undefined
  return (offset) => {
    ends ??= [...text.matchAll(/\n/g)].map(({ index }) => index)
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Offset where the node at this event begins: for a block map that is its first key. */
function offsetOf(events: readonly Event[], index: number): number {
  for (let at = index; at < events.length; at += 1) {
    const event = events[at]!
    if (event.type === EVENT_ID.SCALAR) return event.valueStart
    if ((event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) && event.start > 0) return event.start
  }
  return 0
}

/** Index behind the node that begins at `index`. */
function skipNode(events: readonly Event[], index: number): number {
  let depth = 0
  for (let at = index; at < events.length; at += 1) {
    const type = events[at]!.type
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE || type === EVENT_ID.DOCUMENT) depth += 1
    else if (type === EVENT_ID.POP) depth -= 1
    if (depth === 0) return at + 1
  }
  return events.length
}

/** Offset of the key or list entry that the path leads to, as far as the document follows it. */
function locate(text: string, events: readonly Event[], from: number, path: YamlPath): number {
  let node = from
  let found = offsetOf(events, from)
  for (const step of path) {
    const event = events[node]
    if (event === undefined) return found
    const next = event.type === EVENT_ID.MAPPING ? valueOfKey(text, events, node, String(step)) : entry(events, event, node, step)
    if (next === undefined) return found
    found = next.offset
    node = next.node
  }
  return found
}

function valueOfKey(
  text: string,
  events: readonly Event[],
  mapping: number,
  key: string,
): { offset: number; node: number } | undefined {
  let at = mapping + 1
  while (at < events.length && events[at]!.type !== EVENT_ID.POP) {
    const keyEvent = events[at]!
    const valueAt = skipNode(events, at)
    if (keyEvent.type === EVENT_ID.SCALAR && getScalarValue(text, keyEvent) === key)
      return { offset: keyEvent.valueStart, node: valueAt }
    at = skipNode(events, valueAt)
  }
  return undefined
}

function entry(
  events: readonly Event[],
  event: Event,
  node: number,
  step: string | number,
): { offset: number; node: number } | undefined {
  if (event.type !== EVENT_ID.SEQUENCE || typeof step !== 'number') return undefined
  let at = node + 1
  for (let index = 0; index < step; index += 1) {
    if (events[at] === undefined || events[at]!.type === EVENT_ID.POP) return undefined
    at = skipNode(events, at)
  }
  return events[at] === undefined || events[at]!.type === EVENT_ID.POP ? undefined : { offset: offsetOf(events, at), node: at }
}
