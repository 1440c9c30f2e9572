import { createHash } from 'node:crypto'
import type { RawRecord } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject } from '../../../kernel/json.ts'
import { clientId } from '../../client-id.ts'
import { hitOf } from '../../normalise/elastic-hit.ts'

/** A longer `_id` is none that Elasticsearch gave. */
const MAX_ID_LENGTH = 512

/**
 * The identity that a record had in the product that exported it, so that two exports that overlap, or a document that
 * was also sent to `_bulk`, are one event: `_index` and `_id` of Elasticsearch, `id` of a Wazuh alert. Undefined for all else.
 */
export function exportedId({ json }: RawRecord, scope: string): string | undefined {
  if (json === undefined) return undefined
  const hit = hitOf(json)
  if (hit !== undefined) return hit.id.length > MAX_ID_LENGTH ? undefined : clientId(scope, hit.index, hit.id)
  return wazuhId(json, scope)
}

/**
 * A manager's alert id is its time and its place in a file, and where that file is switched off only its time: the
 * content tells alerts of one second apart.
 */
function wazuhId(json: JsonObject, scope: string): string | undefined {
  const { id, manager, agent } = json
  if (typeof id !== 'string' || !/^\d{9,11}\.\d{1,20}$/.test(id) || !isJsonObject(manager) || !isJsonObject(agent))
    return undefined
  const digest = createHash('sha256').update(JSON.stringify(json)).digest('hex').slice(0, 16)
  return clientId(scope, `wazuh/${String(manager['name'] ?? '')}`, `${id}-${digest}`)
}
