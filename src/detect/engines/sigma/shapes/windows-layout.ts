import { isJsonObject, type JsonValue } from '../../../../kernel/json.ts'
import type { DataTemplate, LAYOUTS, WindowsLayoutFile } from '../pipelines/schema.ts'
import { ecsPlaces } from './ecs-places.ts'
import type { FieldPlace } from './event-class.ts'
import type { Places, ShapeTables } from './tables.ts'

/** Where one shape keeps a Windows event's parts. */
export interface WindowsLayout {
  readonly id: string
  /** Places of a field of the event's header (EventID, Channel, Provider_Name …), or undefined when it is none. */
  header(field: string): readonly FieldPlace[] | undefined
  /** Places of a field of the event's own data. */
  data(name: string): readonly FieldPlace[]
  /** Further places by meaning, e.g. ECS names. */
  readonly other: Places
}

/** The layout as its pipeline describes it. `id` is what classes are called by. */
export function windowsLayout(id: string, layout: (typeof LAYOUTS)[number], tables: ShapeTables): WindowsLayout {
  const file = tables.pipelines.layouts.get(layout)
  if (file === undefined) return { id, header: () => undefined, data: (name) => [{ keys: [name] }], other: () => [] }
  const convert = layout === 'nested' ? { convert: elementText, keepsScalars: true } : {}
  const place = (keys: readonly string[]): FieldPlace => ({ keys, ...convert })
  const placesOf = (name: string): readonly FieldPlace[] => (file.flattened === true ? ecsPlaces(name) : [place(name.split('.'))])
  const header = new Map(Object.entries(file.header).map(([field, names]) => [field, names.flatMap(placesOf)] as const))
  const attribute = attributePlaces(file, place)
  const templates = file.data.map((template) => dataTemplate(template, place))
  return {
    id,
    header: (field) => header.get(field) ?? attribute(field),
    data: (name) => templates.map((each) => each(name)),
    other: file.ecs === true ? (field) => [...tables.ecsOf(field), ...ecsPlaces(field)] : () => [],
  }
}

function attributePlaces(
  { attributes }: WindowsLayoutFile,
  place: (keys: readonly string[]) => FieldPlace,
): (field: string) => readonly FieldPlace[] | undefined {
  if (attributes === undefined) return () => undefined
  const elements = new Set(attributes.elements)
  return (field) => {
    const at = field.indexOf('_')
    const element = field.slice(0, at)
    const name = field.slice(at + 1)
    if (at < 0 || !elements.has(element) || !/^\w+$/.test(name)) return undefined
    return attributes.at.map((template) =>
      place(template.split('.').map((key) => key.replace('{element}', element).replace('{attribute}', name))),
    )
  }
}

function dataTemplate(template: DataTemplate, place: (keys: readonly string[]) => FieldPlace): (name: string) => FieldPlace {
  if (typeof template === 'string') {
    const keys = template.split('.')
    return (name) => place(keys.map((key) => key.replace('{field}', () => name)))
  }
  if ('flat' in template) return (name) => place([template.flat.replace('{field}', () => name)])
  const keys = template.named.split('.')
  return (name) => ({ keys, convert: namedData(name) })
}

/** Dumpers write an XML element with attributes as an object and its text under one of these. */
export function elementText(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value
  return value['#text'] ?? value['$t'] ?? value['_'] ?? value
}

/** `{"Data": [{"@Name": "Image", "#text": "…"}]}`. */
function namedData(name: string): (value: JsonValue) => JsonValue | undefined {
  return (value) => {
    if (!Array.isArray(value)) return undefined
    for (const entry of value as readonly JsonValue[]) {
      if (!isJsonObject(entry)) continue
      const attributes = entry['#attributes']
      const label = entry['@Name'] ?? entry['Name'] ?? (isJsonObject(attributes) ? attributes['Name'] : undefined)
      if (label === name) return elementText(entry)
    }
    return undefined
  }
}
