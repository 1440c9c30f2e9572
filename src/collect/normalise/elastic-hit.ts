import { isJsonObject, type JsonObject } from '../../kernel/json.ts'

/** What Elasticsearch and OpenSearch export of one document. */
export interface Hit {
  readonly index: string
  readonly id: string
  readonly document: JsonObject
}

/** A hit of `_search`, as elasticdump and scripts around it write one a line; undefined for everything else. */
export function hitOf(json: JsonObject): Hit | undefined {
  const document = json['_source']
  if (!isJsonObject(document)) return undefined
  const index = json['_index']
  const id = json['_id']
  return typeof index === 'string' && index !== '' && typeof id === 'string' && id !== '' ? { index, id, document } : undefined
}
