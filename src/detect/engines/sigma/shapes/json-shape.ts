import type { JsonObject } from '../../../../kernel/json.ts'
import { withFields } from '../pipelines/pipelines.ts'
import { recogniser } from '../pipelines/recognise.ts'
import type { JsonShapeFile } from '../pipelines/schema.ts'
import type { EventClass, EventShape } from './event-class.ts'
import { plainClass } from './plain-class.ts'
import { placesOfTable, type ShapeTables } from './tables.ts'

/** What an event may say of its kind is made up by whoever wrote it: this many kinds are remembered, then it starts afresh. */
const MOST_KINDS = 256

interface Parts {
  readonly services?: readonly string[] | undefined
  readonly categories?: readonly string[] | undefined
  readonly fields?: JsonShapeFile['fields'] | undefined
}

/** A product that writes JSON of its own, as its pipeline describes it. */
export function jsonShape(file: JsonShapeFile, { ecsOf }: ShapeTables): EventShape {
  const { id, product, classes, split, under } = file
  const table = withFields(undefined, file.fields ?? {})
  const isOne = file.when === undefined ? undefined : recogniser(file.when)

  const make = (name: string, parts: Parts): EventClass =>
    plainClass(
      name,
      {
        product,
        services: parts.services ?? file.services ?? [],
        categories: parts.categories ?? file.categories ?? [],
        aliases: placesOfTable(withFields(table, parts.fields ?? {})),
        under,
      },
      ecsOf,
    )

  const plain = make(id, {})
  const listed = (classes ?? []).map((each) => ({
    isOne: recogniser(each.when),
    eventClass: make(`${id}/${(each.services ?? each.categories ?? []).join('+')}`, each),
  }))
  const byKind = split === undefined ? undefined : splitter(split, id, plain, make)

  return {
    id,
    classify(doc: JsonObject) {
      if (isOne !== undefined && !isOne(doc)) return undefined
      if (byKind !== undefined) return byKind(doc)
      for (const each of listed) if (each.isOne(doc)) return each.eventClass
      return isOne === undefined || listed.length > 0 ? undefined : plain
    },
  }
}

function splitter(
  split: NonNullable<JsonShapeFile['split']>,
  id: string,
  plain: EventClass,
  make: (name: string, parts: Parts) => EventClass,
): (doc: JsonObject) => EventClass {
  const { field, telltale = [] } = split
  const isService = split['as-service'] === true
  const kinds = new Map(Object.entries(split.kinds))
  const made = new Map<string, EventClass>()
  const classOf = (kind: string): EventClass => {
    const known = made.get(kind)
    if (known !== undefined) return known
    const parts = kinds.get(kind)
    if (parts === undefined && !isService) return plain
    if (made.size > MOST_KINDS) made.clear()
    const eventClass = make(`${id}/${kind}`, { ...(isService ? { services: [kind] } : {}), ...parts })
    made.set(kind, eventClass)
    return eventClass
  }
  return (doc) => {
    const value = doc[field]
    if (typeof value === 'string') return classOf(value)
    const told = telltale.find(([, fields]) => fields.some((each) => doc[each] !== undefined))?.[0]
    return told === undefined ? (isService ? classOf('unknown') : plain) : classOf(told)
  }
}
