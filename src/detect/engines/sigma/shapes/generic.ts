import type { JsonObject } from '../../../../kernel/json.ts'
import type { LogSource } from '../rule.ts'
import type { EventShape } from './event-class.ts'
import { plainClass } from './plain-class.ts'
import type { Places } from './tables.ts'

/**
 * Any other JSON. `assumed` is what the caller knows about the source; without it the source stays unknown, and rules of every log source
 * are tried on the field names as they stand, keyword rules excepted.
 */
export function genericShape(ecsOf: Places, assumed?: LogSource): EventShape {
  const source = {
    // An empty product is known and is no rule's: only rules that name none then concern the events.
    product: assumed === undefined ? undefined : (assumed.product ?? ''),
    categories: assumed?.category === undefined ? [] : [assumed.category],
    services: assumed?.service === undefined ? [] : [assumed.service],
  }
  const eventClass = plainClass('generic', source, ecsOf)
  return { id: 'generic', classify: (_doc: JsonObject) => eventClass }
}
