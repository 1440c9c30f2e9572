import { createHash } from 'node:crypto'
import { type Level, type Refusal, type RuleInfo, TACTICS } from '../../../../kernel/detection.ts'
import { canonicalJson, type JsonObject } from '../../../../kernel/json.ts'
import { FalcoFault } from '../fault.ts'
import type { FalcoRule } from '../rule.ts'
import { Expander } from './expand.ts'
import { type FalcoDocument, type Item, itemsOf } from './items.ts'
import { type Merged, mergeItem, type RawRule } from './merge.ts'

export interface LoadedFalco {
  readonly rules: readonly FalcoRule[]
  readonly refused: readonly Refusal[]
}

/**
 * Falco's priorities as levels (RFC 5424's names: emergency, alert and critical are one level here, informational and debug too).
 */
const LEVEL_OF: ReadonlyMap<string, Level> = new Map([
  ['emergency', 'critical'],
  ['alert', 'critical'],
  ['critical', 'critical'],
  ['error', 'high'],
  ['warning', 'medium'],
  ['notice', 'low'],
  ['informational', 'informational'],
  ['info', 'informational'],
  ['debug', 'informational'],
])

/**
 * Reads rule files in the order in which Falco would: a later item of the same name takes the place of an earlier one, appends to
 * it or overrides parts of it. What is wrong with one rule is refused and disturbs no other; a rule over a macro that is wrong
 * is refused itself. `required_engine_version` refuses nothing: each rule is judged by what it uses.
 */
export function loadFalco(documents: Iterable<FalcoDocument>): LoadedFalco {
  const merged: Merged = { rules: new Map(), macros: new Map(), lists: new Map() }
  const refused: Refusal[] = []
  const refuse = (item: Item, error: unknown) => {
    if (!(error instanceof FalcoFault)) throw error
    refused.push({ file: item.file, line: item.line(error.key), code: error.code, reason: `${item.name}: ${error.message}` })
  }
  // Files of a folder have no order that anybody chose: what changes an item that comes later waits for it.
  const waiting: Item[] = []
  for (const document of documents) {
    const items = itemsOf(document, (line, reason) => refused.push({ file: document.file, line, code: 'item-unknown', reason }))
    for (const item of items) {
      try {
        mergeItem(merged, item)
      } catch (error) {
        if (error instanceof FalcoFault && error.code === 'override-unknown') waiting.push(item)
        else refuse(item, error)
      }
    }
  }
  for (const item of waiting) {
    try {
      // What is appended to a list that nobody has is a list by itself: rules' own files drop lists and users keep theirs.
      mergeItem(merged, item.kind === 'list' && !merged.lists.has(item.name) ? standingAlone(item) : item)
    } catch (error) {
      refuse(item, error)
    }
  }
  const expander = new Expander(merged)
  const ids = new Set<string>()
  const rules: FalcoRule[] = []
  for (const raw of merged.rules.values()) {
    try {
      rules.push(ruleOf(raw, expander, ids))
    } catch (error) {
      refuse(raw.item, error)
    }
  }
  return { rules, refused }
}

function standingAlone(item: Item): Item {
  const { append: _append, override: _override, ...fields } = item.fields
  return { ...item, fields }
}

function ruleOf(raw: RawRule, expander: Expander, ids: Set<string>): FalcoRule {
  const level = LEVEL_OF.get(raw.priority.toLowerCase())
  if (level === undefined) throw new FalcoFault('priority-unknown', `'${raw.priority}' is no priority of Falco's`, 'priority')
  const condition = expander.condition(raw)
  const version = createHash('sha256')
    .update(canonicalJson({ condition, output: raw.output, level, source: raw.source } as unknown as JsonObject))
    .digest('hex')
    .slice(0, 32)
  return {
    info: infoOf(raw, { id: idOf(raw.name, ids), version, level }),
    source: raw.source,
    condition,
    output: raw.output,
    enabled: raw.enabled,
    tags: raw.tags,
    line: raw.item.line(),
  }
}

/** Falco knows rules by name; the id is the name in the letters that ids have. */
function idOf(name: string, taken: Set<string>): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const plain = `falco-${slug === '' ? createHash('sha256').update(name).digest('hex').slice(0, 12) : slug}`
  const id = taken.has(plain) ? `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}` : plain
  taken.add(id)
  return id
}

function infoOf(raw: RawRule, { id, version, level }: Pick<RuleInfo, 'id' | 'version' | 'level'>): RuleInfo {
  const tags = raw.tags.map((tag) => tag.toLowerCase())
  const techniques = tags.flatMap((tag) => /^(t\d{4}(?:\.\d{3})?)$/.exec(tag)?.[1]?.toUpperCase() ?? [])
  const tactics = TACTICS.filter((tactic) => tags.includes(`mitre_${tactic.replaceAll('-', '_')}`))
  return {
    id,
    version,
    title: raw.name,
    level,
    file: raw.item.file,
    description: raw.desc.replace(/\s+/g, ' '),
    techniques: [...new Set(techniques)],
    tactics,
  }
}
