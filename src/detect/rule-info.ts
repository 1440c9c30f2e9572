import { LEVELS, type Level, type RuleInfo, TACTICS, type Tactic } from '../kernel/detection.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'

/** Where a rule says nothing of its level. */
export const DEFAULT_LEVEL: Level = 'medium'

/**
 * What a Sigma document (rule or correlation) says about itself. A missing id is made from the version. Tags that are neither a technique nor a tactic of
 * ATT&CK are left out; whether a technique id exists is for coverage to judge.
 */
export function ruleInfo(doc: JsonObject, place: { readonly file: string; readonly version: string }): RuleInfo {
  const tags = Array.isArray(doc['tags']) ? (doc['tags'] as readonly JsonValue[]).map((tag) => String(tag).toLowerCase()) : []
  const ja = isJsonObject(doc['ja']) ? doc['ja'] : {}
  const title = text(doc['title']) ?? place.file
  const { stop } = doc
  const jaTitle = text(ja['title'])
  const jaDescription = text(ja['description'])
  return {
    id: text(doc['id'])?.trim() ?? `sigma-${place.version.slice(0, 16)}`,
    version: place.version,
    title,
    level: LEVELS.find((level) => level === doc['level']) ?? DEFAULT_LEVEL,
    file: place.file,
    description: text(doc['description'])?.trim() ?? '',
    techniques: unique(tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/.exec(tag)?.[1]?.toUpperCase() ?? [])),
    tactics: unique(tags.flatMap(tacticOf)),
    ...(stop === 'kill' || stop === 'quarantine' ? { stop } : {}),
    ...(jaTitle === undefined && jaDescription === undefined
      ? {}
      : {
          ja: {
            ...(jaTitle === undefined ? {} : { title: jaTitle }),
            ...(jaDescription === undefined ? {} : { description: jaDescription.trim() }),
          },
        }),
  }
}

/** Both spellings are in use: `attack.lateral-movement`, and with underscores in older rules. */
function tacticOf(tag: string): readonly Tactic[] {
  const name = tag.startsWith('attack.') ? tag.slice('attack.'.length).replaceAll('_', '-') : ''
  return TACTICS.filter((tactic) => tactic === name)
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)]
}
