import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { isJsonObject } from '../../../../kernel/json.ts'
import { instantOf } from '../../../instant.ts'

const FILE_PATH = /^(\/|[A-Za-z]:\\|\\\\)/

/**
 * Splunk's words about an event in ECS: `time` (epoch seconds), `host`, `source`, `sourcetype`, `index` and `fields`. All of
 * them also stay as they came under `splunk`.
 */
export function splunkWords(meta: JsonObject): Record<string, JsonValue | undefined> {
  const source = textOf(meta['source'])
  const sourcetype = textOf(meta['sourcetype'])
  const time = instantOf(meta['time'])
  return {
    '@timestamp': time,
    'host.name': textOf(meta['host']),
    'log.file.path': source !== undefined && FILE_PATH.test(source) ? source : undefined,
    'event.dataset': sourcetype,
    'splunk.source': source,
    'splunk.sourcetype': sourcetype,
    'splunk.index': textOf(meta['index']),
    'splunk.time': time === undefined ? meta['time'] : undefined,
    labels: isJsonObject(meta['fields']) ? meta['fields'] : undefined,
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string' && value !== '') return value
  return typeof value === 'number' ? String(value) : undefined
}
