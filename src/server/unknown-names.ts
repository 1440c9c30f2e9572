import type { z } from 'zod'

type Schema = z.core.$ZodType

/**
 * The members of an input that its schema does not know. Zod leaves them out in silence: a misspelt `from` or `scope` that
 * was meant to narrow what is done would make it wider. Objects that say themselves what they do with others (strict,
 * loose, with a catch-all) keep their word; of a union, the choice that fits with the fewest counts. Objects within are
 * not looked at: clients send back what we answered (a person's roles), which holds more than is asked for.
 */
export function unknownNames(schema: Schema, value: unknown): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return isObject(value) && def.catchall === undefined
        ? Object.keys(value).filter((key) => !Object.hasOwn(def.shape, key))
        : []
    case 'union': {
      const lists = def.options.filter((option) => fits(option, value)).map((option) => unknownNames(option, value))
      return lists.sort((one, other) => one.length - other.length)[0] ?? []
    }
    case 'intersection': {
      const right = new Set(unknownNames(def.right, value))
      return unknownNames(def.left, value).filter((name) => right.has(name))
    }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return unknownNames(def.innerType, value)
    case 'pipe':
      return unknownNames(def.in, value)
    case 'lazy':
      return unknownNames(def.getter(), value)
    default:
      return []
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fits(schema: Schema, value: unknown): boolean {
  return (schema as z.ZodType).safeParse(value).success
}
