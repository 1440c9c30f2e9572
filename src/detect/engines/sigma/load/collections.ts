import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import type { YamlDocument } from './documents.ts'

export interface CollectedDocument {
  readonly value: JsonObject
  readonly source: YamlDocument
}

/**
 * Applies Sigma's multi-document actions: `global` is merged into all that follow, `reset` forgets it,
 * `repeat` merges into the previous document. Others stand alone.
 */
export function applyActions(documents: readonly YamlDocument[]): { collected: CollectedDocument[]; strays: YamlDocument[] } {
  let global: JsonObject = {}
  let previous: JsonObject = {}
  const collected: CollectedDocument[] = []
  const strays: YamlDocument[] = []
  for (const source of documents) {
    if (source.value === null || source.value === undefined) continue
    if (!isJsonObject(source.value)) {
      strays.push(source)
      continue
    }
    const { action, ...own } = source.value
    if (action === 'global') global = merge(global, own)
    else if (action === 'reset') global = own
    else {
      previous = action === 'repeat' ? merge(previous, own) : merge(global, own)
      collected.push({ value: previous, source })
    }
  }
  return { collected, strays }
}

/** Maps are merged key by key; anything else of the later document replaces. */
function merge(base: JsonObject, over: JsonObject): JsonObject {
  if (Object.keys(base).length === 0) return over
  const merged: Record<string, JsonValue> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined
    merged[key] = isJsonObject(before) && isJsonObject(value) ? merge(before, value) : value
  }
  return merged
}
