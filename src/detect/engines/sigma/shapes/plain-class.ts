import { ecsOf, ecsPlaces } from './ecs-fields.ts'
import type { EventClass, FieldPlace } from './event-class.ts'

/** What a shape knows about the source of some events. */
export interface PlainSource {
  readonly product?: string | undefined
  readonly categories?: readonly string[]
  readonly services?: readonly string[]
  /** Where a rule's field stands under another name, tried before its own. */
  readonly aliases?: ReadonlyMap<string, readonly FieldPlace[]>
  /** Where the whole record stands by its product's own names (`aws.cloudtrail`), tried before the top of the document. */
  readonly under?: string | undefined
}

/** A class whose fields stand under their own names, dotted ones nested or flat, with ECS as the last choice. */
export function plainClass(name: string, source: PlainSource): EventClass {
  return {
    name,
    product: source.product,
    categories: source.categories ?? [],
    services: source.services ?? [],
    constants: new Map(),
    places: (field) => [
      ...(source.aliases?.get(field) ?? []),
      ...(source.under === undefined ? [] : ecsPlaces(`${source.under}.${field}`)),
      ...ecsPlaces(field),
      ...ecsOf(field),
    ],
  }
}

/** Aliases from a table of dotted names. */
export function aliasTable(names: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, readonly FieldPlace[]> {
  return new Map(Object.entries(names).map(([field, others]) => [field, others.flatMap((other) => ecsPlaces(other))]))
}
