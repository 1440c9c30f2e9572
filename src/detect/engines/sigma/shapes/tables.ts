import { placesOfSource } from '../pipelines/field-source.ts'
import type { FieldTable, Pipelines } from '../pipelines/pipelines.ts'
import { ecsPlaces } from './ecs-places.ts'
import type { FieldPlace } from './event-class.ts'

/** Where a rule's field stands, or nowhere. */
export type Places = (field: string) => readonly FieldPlace[]

/** The pipelines as the shapes need them. */
export interface ShapeTables {
  readonly pipelines: Pipelines
  /** Where ECS keeps what Sigma calls a field. */
  readonly ecsOf: Places
}

export function shapeTables(pipelines: Pipelines): ShapeTables {
  return { pipelines, ecsOf: placesOfTable(pipelines.ecsFields) }
}

/** A table of dotted names, each nested or flat in the document. */
export function placesOfTable(table: FieldTable): Places {
  const places = new Map(
    [...table].map(([field, sources]) => [field, sources.flatMap((source) => placesOfSource(source, ecsPlaces))] as const),
  )
  return (field) => places.get(field) ?? []
}
