import type { Draft } from '../../normalise/draft.ts'
import type { EventData, WindowsRecord } from './record.ts'

/** Adds the ECS fields that an event id's data tell of. */
export type Enrich = (doc: Draft, data: EventData, record: WindowsRecord) => void

/** What ECS says of an event id: `event.action`, `.category`, `.type`, `.outcome`; shared by all its events, never changed. */
export interface EventClass {
  readonly action: string
  readonly category: readonly string[]
  readonly type: readonly string[]
  readonly outcome?: 'success' | 'failure' | 'unknown'
  readonly enrich?: Enrich
}

/** `'process:start'` → category and type; either may list several with a comma or be empty. */
export function eventClass(action: string, kinds: string, enrich?: Enrich, outcome?: 'success' | 'failure'): EventClass {
  const [category = '', type = ''] = kinds.split(':')
  return {
    action,
    category: category === '' ? [] : category.split(','),
    type: type === '' ? [] : type.split(','),
    ...(enrich === undefined ? {} : { enrich }),
    ...(outcome === undefined ? {} : { outcome }),
  }
}
