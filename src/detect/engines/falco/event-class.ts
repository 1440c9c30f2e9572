import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { FieldRef, Transformer } from './condition/ast.ts'
import { parseCondition } from './condition/parse.ts'
import { type Field, OUTSIDE, type Place, textForm } from './fields/field.ts'
import type { EventKind } from './fields/kinds.ts'

/** How the matcher reads the fields of one kind of events: by the names that compiled rules give them. */
export interface FalcoClass {
  readonly name: string
  readonly product: string
  readonly categories: readonly string[]
  readonly services: readonly string[]
  readonly constants: ReadonlyMap<string, string>
  places(field: string): readonly Place[]
}

export function classOf(kind: EventKind): FalcoClass {
  return {
    name: `falco/${kind.id}`,
    product: 'falco',
    categories: [],
    services: [kind.source],
    constants: new Map(),
    places: (field) => placesOf(kind, field),
  }
}

function placesOf(kind: EventKind, name: string): readonly Place[] {
  const outside = OUTSIDE.read(name)
  if (outside !== undefined) {
    const { values } = outside
    return placesOf(kind, outside.field).map((place) =>
      mapped(place, (value) =>
        (Array.isArray(value) ? (value as readonly JsonValue[]) : [value]).filter((one) => !values.has(textForm(one))),
      ),
    )
  }
  const ref = refOf(name)
  const places = fieldOf(kind, ref)?.places(ref.argument) ?? []
  return ref.through.length === 0 ? places : places.map((place) => mapped(place, (value) => transformed(value, ref.through)))
}

function refOf(name: string): FieldRef {
  const parsed = parseCondition(`${name} exists`)
  if (parsed.kind !== 'check') throw new Error(`no field: ${name}`)
  return parsed.field
}

/** The field in events of this kind; undefined where they do not have it, or not with this argument. */
export function fieldOf(kind: EventKind, ref: FieldRef): Field | undefined {
  const field = kind.field(ref.name)
  return field?.places(ref.argument) === undefined ? undefined : field
}

function mapped(place: Place, map: (value: JsonValue) => JsonValue | undefined): Place {
  return {
    keys: place.keys,
    convert: (value: JsonValue, doc: JsonObject) => {
      const found = place.convert === undefined ? value : place.convert(value, doc)
      return found === undefined || found === null ? found : map(found)
    },
  }
}

const TRANSFORM: Readonly<Record<Transformer, (value: JsonValue) => JsonValue>> = {
  tolower: (value) => textForm(value).toLowerCase(),
  toupper: (value) => textForm(value).toUpperCase(),
  b64: (value) => Buffer.from(textForm(value), 'base64').toString('utf8'),
  basename: (value) => textForm(value).replace(/^.*\//s, ''),
  len: (value) => (Array.isArray(value) ? value.length : textForm(value).length),
}

/** The innermost first. A list is transformed element by element; only its length is its own. */
function transformed(value: JsonValue, through: readonly Transformer[]): JsonValue {
  return through.reduceRight<JsonValue>(
    (here, name) =>
      Array.isArray(here) && name !== 'len' ? (here as readonly JsonValue[]).map(TRANSFORM[name]) : TRANSFORM[name](here),
    value,
  )
}
