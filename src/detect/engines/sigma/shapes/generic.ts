import type { JsonObject } from '../../../../kernel/json.ts'
import type { LogSource } from '../rule.ts'
import { ecsOf, ecsPlaces } from './ecs-fields.ts'
import type { EventClass, EventShape } from './event-class.ts'

/** A class whose fields stand under their own names, dotted ones nested or flat, with ECS as the second choice. */
export function plainClass(
  name: string,
  source: {
    readonly product?: string | undefined
    readonly categories?: readonly string[]
    readonly services?: readonly string[]
  },
): EventClass {
  return {
    name,
    product: source.product,
    categories: source.categories ?? [],
    services: source.services ?? [],
    constants: new Map(),
    places: (field) => [...ecsPlaces(field), ...ecsOf(field)],
  }
}

/**
 * Any other JSON. `assumed` is what the caller knows about the source; without it the source stays unknown, and rules of every log source
 * are tried on the field names as they stand.
 */
export function genericShape(assumed?: LogSource): EventShape {
  const eventClass = plainClass('generic', {
    product: assumed?.product ?? (assumed === undefined ? undefined : ''),
    categories: assumed?.category === undefined ? [] : [assumed.category],
    services: assumed?.service === undefined ? [] : [assumed.service],
  })
  return { id: 'generic', classify: (_doc: JsonObject) => eventClass }
}
