import { KanpekiError } from '../../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import type { Variable } from './form.ts'

const USED = /(__[a-zA-Z_][a-zA-Z0-9_-]{0,199}?__):value/g
/** Longer values come from no alert that means well. */
const LONGEST = 10_000

interface Held {
  readonly type: Variable['type']
  readonly constant: boolean
  value: string | null
}

/** The variables that a step sees: its own before those of what it lies in. */
export class Variables {
  readonly #own: Map<string, Held>
  readonly #outer: Variables | undefined

  constructor(declared: Readonly<Record<string, Variable>> = {}, outer?: Variables) {
    this.#outer = outer
    this.#own = new Map(
      Object.entries(declared).map(([name, { type, constant, value }]) => [name, { type, constant, value: value ?? null }]),
    )
  }

  /** Undefined where it is not declared. */
  typeOf(name: string): Variable['type'] | undefined {
    return this.#find(name)?.type
  }

  valueOf(name: string): string | null {
    return this.#find(name)?.value ?? null
  }

  /** @throws KanpekiError `variable` for a constant, or one that nobody declared. */
  set(name: string, value: string): void {
    const held = this.#find(name)
    if (held === undefined) throw new KanpekiError('variable', `${name} is not declared.`)
    if (held.constant) throw new KanpekiError('variable', `${name} is a constant.`)
    held.value = value.slice(0, LONGEST)
  }

  /** From outside, before the first step: constants too, and without asking whether a value fits. */
  give(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      const held = this.#own.get(name)
      if (held !== undefined && !held.constant) held.value = value.slice(0, LONGEST)
    }
  }

  /** A copy that a parallel branch may change alone; `merge` brings back what it changed. */
  fork(): { readonly variables: Variables; merge(): void } {
    const copy = new Variables({}, this.#outer?.fork().variables)
    for (const [name, held] of this.#own) copy.#own.set(name, { ...held })
    const before = this.#snapshot()
    return {
      variables: copy,
      merge: () => {
        for (const [name, held] of copy.#all()) if (held.value !== before.get(name)) this.#find(name)!.value = held.value
      },
    }
  }

  #find(name: string): Held | undefined {
    const outer = this.#outer
    return this.#own.get(name) ?? (outer === undefined ? undefined : outer.#find(name))
  }

  #all(): Map<string, Held> {
    const outer = this.#outer
    return new Map([...(outer === undefined ? [] : outer.#all()), ...this.#own])
  }

  #snapshot(): Map<string, string | null> {
    return new Map([...this.#all()].map(([name, { value }]) => [name, value]))
  }
}

/** Names used anywhere in a value (`__x__:value`). */
export function usedIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [...value.matchAll(USED)].map((match) => match[1]!)
  if (Array.isArray(value)) return value.flatMap(usedIn)
  return isJsonObject(value) ? Object.values(value).flatMap(usedIn) : []
}

/**
 * Puts values in the place of variables, in texts only and never in keys: a value stays inside the text it is in. A text
 * that is nothing but one variable becomes what the variable's type says (`integer` a number, `dictionary` an object).
 * @param shape what is done to a value that stands within a longer text.
 * @throws KanpekiError `variable` where one has no value, or none of its type.
 */
export function resolve(value: JsonValue, variables: Variables, shape: (text: string) => string = (text) => text): JsonValue {
  if (typeof value === 'string') return resolveText(value, variables, shape)
  if (Array.isArray(value)) return value.map((item: JsonValue) => resolve(item, variables, shape))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolve(item, variables, shape)]),
  ) satisfies JsonObject
}

function resolveText(text: string, variables: Variables, shape: (text: string) => string): JsonValue {
  const [only] = [...text.matchAll(USED)]
  if (only !== undefined && only[0] === text) return typed(only[1]!, variables)
  return text.replace(USED, (_, name: string) => shape(needed(name, variables)))
}

function needed(name: string, variables: Variables): string {
  const value = variables.valueOf(name)
  if (value === null)
    throw new KanpekiError('variable', `${name} has no value.`, { remedy: 'Give it one, or test EXISTS before.' })
  return value
}

function typed(name: string, variables: Variables): JsonValue {
  const value = needed(name, variables)
  const unfit = (): KanpekiError =>
    new KanpekiError('variable', `${name} is declared as ${variables.typeOf(name)} and holds something else.`)
  switch (variables.typeOf(name)) {
    case 'integer':
    case 'long':
    case 'float': {
      const number = Number(value)
      if (value.trim() === '' || !Number.isFinite(number)) throw unfit()
      return number
    }
    case 'bool':
      if (value !== 'true' && value !== 'false') throw unfit()
      return value === 'true'
    case 'list':
    case 'dictionary':
      try {
        return JSON.parse(value) as JsonValue
      } catch {
        throw unfit()
      }
    default:
      return value
  }
}

/** How a value of a receipt is held in a variable. */
export function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
