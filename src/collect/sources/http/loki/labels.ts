import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { safeKey } from '../../../normalise/draft.ts'

/** Labels that collectors give to every stream, and their ECS names; the first that a stream has counts. */
const WORDS: readonly (readonly [name: string, labels: readonly string[]])[] = [
  ['host.name', ['hostname', 'host', 'node_name', 'nodename']],
  ['service.name', ['service_name', 'app', 'application', 'job']],
  ['log.level', ['level', 'detected_level', 'severity']],
  ['log.file.path', ['filename']],
  ['container.name', ['container', 'container_name']],
  ['orchestrator.namespace', ['namespace']],
  ['orchestrator.resource.name', ['pod']],
]

/** A stream's labels in ECS; all of them also stay under `labels`. */
export function labelWords(labels: JsonObject): Record<string, JsonValue | undefined> {
  const words: Record<string, JsonValue | undefined> = { labels }
  for (const [name, candidates] of WORDS) {
    const label = candidates.find((candidate) => typeof labels[candidate] === 'string' && labels[candidate] !== '')
    if (label !== undefined) words[name] = labels[label]
  }
  return words
}

/** One `name="value"` of a label set, with what stands before and behind it. */
const LABEL = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*(,|$)/y

/**
 * Reads a stream's labels as Loki's protobuf carries them, `{app="web", path="C:\\x"}` (LogQL's stream selector, Go's
 * quoting). @throws RangeError for what is none.
 */
export function readLabels(text: string): JsonObject {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(text)?.[1]
  if (inner === undefined) throw new RangeError('the labels stand in no braces')
  const labels: Record<string, string> = {}
  let at = 0
  while (inner.slice(at).trim() !== '') {
    LABEL.lastIndex = at
    const match = LABEL.exec(inner)
    if (match === null) throw new RangeError('a label is not name="value"')
    labels[safeKey(match[1]!)] = unquoted(match[2]!)
    at = LABEL.lastIndex
  }
  return labels
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }

function unquoted(quoted: string): string {
  const inner = quoted.slice(1, -1)
  if (quoted[0] === '`') return inner
  return inner.replaceAll(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/g, (...parts) => {
    const [, hex, short, long, octal, other] = parts as (string | undefined)[]
    if (other !== undefined) return ESCAPES[other] ?? other
    const code = octal === undefined ? Number.parseInt(hex ?? short ?? long!, 16) : Number.parseInt(octal, 8)
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
  })
}
