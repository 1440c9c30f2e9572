import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'

/**
 * One place where a field's value may stand: keys from the root of the document. `*` is the first object among the
 * members (UserData has one child with any name). `convert` turns the stored form into the one that Sigma rules expect.
 */
export interface FieldPlace {
  readonly keys: readonly string[]
  readonly convert?: (value: JsonValue, doc: JsonObject) => JsonValue | undefined
  /** `convert` leaves texts, numbers, booleans and null as they are. */
  readonly keepsScalars?: boolean
}

/**
 * All events that the same rules concern and whose fields stand in the same places: for Windows one per shape, channel and
 * event id. Classes are made once and compared by identity.
 */
export interface EventClass {
  /** For people and tests, e.g. `windows-flat/Security/4688`. */
  readonly name: string
  /**
   * Undefined when the source is not known: then rules of every product are tried, keyword rules excepted. Empty when the event
   * tells its kind but not its product (an ECS process event without an operating system): then only the product is left open.
   */
  readonly product: string | undefined
  readonly categories: readonly string[]
  readonly services: readonly string[]
  /** Fields that have this one value in every event of the class. */
  readonly constants: ReadonlyMap<string, string>
  /**
   * Where a rule's field stands, the best place first. `category` is the rule's own: a process_creation rule finds `Image` in
   * Security 4688's NewProcessName, a rule on the Security channel uses the names as they are.
   */
  places(field: string, category: string | undefined): readonly FieldPlace[]
}

/** One way of writing events as JSON. */
export interface EventShape {
  readonly id: string
  /**
   * Paths of scalars that `classify` looks at, and nothing else: two documents that agree in them are of the same class. Absent where more
   * decides, or structures do.
   */
  readonly decidedBy?: readonly (readonly string[])[]
  /** The class of the document, or undefined when it has another shape. Called for every event: cheap, no allocation once warm. */
  classify(doc: JsonObject): EventClass | undefined
}
