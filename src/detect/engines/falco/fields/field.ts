import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'

/** Where a value stands in an event: keys from its root, and how the stored form becomes Falco's. */
export interface Place {
  readonly keys: readonly string[]
  readonly convert?: (value: JsonValue, doc: JsonObject) => JsonValue | undefined
}

export interface FieldKind {
  /** The field holds several values. */
  readonly list: boolean
  readonly type: 'text' | 'number' | 'address'
}

/** A field of Falco's in one kind of events. */
export interface Field extends Partial<FieldKind> {
  /** Where it stands, the best place first; undefined where the argument makes no sense there. */
  places(argument: string | undefined): readonly Place[] | undefined
}

/** The fields that events of one kind have, by Falco's names. */
export type FieldTable = ReadonlyMap<string, Field>

/** Values of a list that are not among those named: an empty answer means that all are. */
export const OUTSIDE = {
  name: (field: string, values: readonly string[]): string => `${field}\u0000${JSON.stringify(values)}`,
  read(name: string): { readonly field: string; readonly values: ReadonlySet<string> } | undefined {
    const at = name.indexOf('\u0000')
    return at < 0 ? undefined : { field: name.slice(0, at), values: new Set(JSON.parse(name.slice(at + 1)) as string[]) }
  },
}

export function textForm(value: JsonValue): string {
  return typeof value === 'string' ? value : typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

/** A value at a path, or undefined; an array's element by its number. */
export function at(from: JsonValue | undefined, keys: readonly string[]): JsonValue | undefined {
  let here = from
  for (const key of keys) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Readonly<Record<string, JsonValue | undefined>>)[key]
  }
  return here
}

/** One text at a path below the source's root; what is no text as JSON, null as nothing. */
export function textAt(root: readonly string[], ...keys: readonly string[]): Field {
  const place: Place = {
    keys: [...root, ...keys],
    convert: (value) => (value === null ? undefined : typeof value === 'object' ? JSON.stringify(value) : value),
  }
  return { places: (argument) => (argument === undefined ? [place] : undefined) }
}

/** `jevt.value[/a/b/0]`, `json.value[…]`: a JSON pointer (RFC 6901) below the source's root. */
export function jsonPointer(root: readonly string[]): Field {
  return {
    places(argument) {
      if (argument === undefined || !argument.startsWith('/')) return undefined
      const keys = argument
        .slice(1)
        .split('/')
        .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
      // Our parsers nest keys with dots in them.
      const nested = keys.flatMap((key) => key.split('.'))
      const convert = (value: JsonValue): JsonValue | undefined => (value === null ? undefined : textForm(value))
      return [keys, nested].map((path): Place => below(root, path, convert))
    },
  }
}

/** A path below a root, through arrays by number too. */
export function below(
  root: readonly string[],
  path: readonly string[],
  convert: (value: JsonValue) => JsonValue | undefined,
): Place {
  const [first, ...rest] = path
  if (first === undefined) return { keys: [...root], convert: (value) => convert(value) }
  return {
    keys: [...root, first],
    convert: (value) => {
      const found = at(value, rest)
      return found === undefined ? undefined : convert(found)
    },
  }
}
