import { ecsPlaces } from './ecs-places.ts'
import type { EventClass } from './event-class.ts'
import type { Places } from './tables.ts'

/** What a shape knows about the source of some events. */
export interface PlainSource {
  readonly product?: string | undefined
  readonly categories?: readonly string[]
  readonly services?: readonly string[]
  /** Where a rule's field stands under another name, tried before its own. */
  readonly aliases?: Places
  /** Where the whole record stands by its product's own names (`aws.cloudtrail`), tried before the top of the document. */
  readonly under?: string | undefined
}

/** A class whose fields stand under their own names, dotted ones nested or flat, with ECS as the last choice. */
export function plainClass(name: string, source: PlainSource, ecsOf: Places): EventClass {
  return {
    name,
    product: source.product,
    categories: source.categories ?? [],
    services: source.services ?? [],
    constants: new Map(),
    places: (field) => [
      ...(source.aliases?.(field) ?? []),
      ...(source.under === undefined ? [] : ecsPlaces(`${source.under}.${field}`)),
      ...ecsPlaces(field),
      ...ecsOf(field),
    ],
  }
}
