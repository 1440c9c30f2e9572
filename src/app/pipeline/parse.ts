import type { ParseRecord } from './writer.ts'
export const parseRecord: ParseRecord = (record) =>
  record.json === undefined
    ? { unknown: 'no parser' }
    : {
        parser: 'json',
        events: [{ observed: Date.parse(String(record.json['@timestamp'])) || undefined, ecs: structuredClone(record.json) }],
      }
