import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { fold } from '../../../../platform/text/fold.ts'
import type { Expression, FieldTest, LiteralKind, WrittenTest } from '../expression.ts'
import type { EventClass } from '../shapes/event-class.ts'
import { everyText, textsOf } from './field-values.ts'
import { readPlace } from './read-field.ts'
import { textTest } from './text-test.ts'

/** A leaf that held, for "why it fired". */
export interface MatchedTest {
  /** The rule's selection, as the condition names it. */
  readonly selection: string
  /** The rule's field, '' for a keyword. */
  readonly field: string
  /** Where the value stands in the event, dotted. */
  readonly place: string
  readonly modifiers: readonly string[]
  readonly expected: string
  readonly value: JsonValue
}

/** The event, and the log source category of the rule that is asked. */
export interface EvaluatedEvent {
  readonly doc: JsonObject
  readonly eventClass: EventClass
  readonly category: string | undefined
  /** What was found for each field, so that a rule of many values looks once. */
  readonly found?: Map<string, Found>
}

interface Found {
  readonly value: JsonValue | undefined
  readonly place: string
  readonly texts: readonly string[]
  /** One of the texts folded, once for all tests of the field. */
  folded(at: number): string
}

function foundAt(place: string, value: JsonValue | undefined): Found {
  const texts = textsOf(value)
  const folded: string[] = []
  return {
    value,
    place,
    texts,
    folded(at) {
      folded[at] ??= fold(texts[at]!)
      return folded[at]
    },
  }
}

/**
 * Evaluates an expression the plain way, leaf by leaf, and collects the leaves that held outside of negations. The compiled matcher
 * must agree with it on every rule and event (match/program.property.test.ts); it also explains a match after the fact.
 */
export function evaluate(expression: Expression, event: EvaluatedEvent, matched: MatchedTest[] = [], selection = ''): boolean {
  switch (expression.kind) {
    case 'constant':
      return expression.value
    case 'selection':
      return evaluate(expression.item, event, matched, expression.name)
    case 'not':
      return !evaluate(expression.item, event, [], selection)
    case 'and': {
      const held: MatchedTest[] = []
      const holds = expression.items.every((item) => evaluate(item, event, held, selection))
      if (holds) matched.push(...held)
      return holds
    }
    case 'or':
      return expression.items.filter((item) => evaluate(item, event, matched, selection)).length > 0
    case 'test': {
      const found = told(find(event, expression.field), constantFor(event.eventClass, expression))
      const run = textTest(expression.test)
      const holds =
        run === undefined
          ? fieldHolds(expression.test, found.value, (other) => find(event, other).value)
          : found.texts.some((text, at) => run(text, () => found.folded(at)))
      if (holds) matched.push(matchedTest(selection, expression.field, found, expression.written))
      return holds
    }
    case 'keyword': {
      // Words of one particular log mean nothing in an event whose source is not known.
      if (event.eventClass.product === undefined) return false
      const test = textTest(expression.test)!
      for (const text of everyText(event.doc)) {
        if (!test(text, () => fold(text))) continue
        matched.push(matchedTest(selection, '', { value: text, place: placeOf(event.doc, text) }, expression.written))
        return true
      }
      return false
    }
  }
}

function matchedTest(selection: string, field: string, found: Pick<Found, 'value' | 'place'>, written: WrittenTest): MatchedTest {
  return {
    selection,
    field,
    place: found.place,
    modifiers: written.modifiers,
    expected: written.value,
    value: found.value ?? null,
  }
}

/** What the event's class tells of a field, where the event itself does not say it: a channel that its provider implies. */
function told(found: Found, constant: string | undefined): Found {
  return constant === undefined || found.value !== undefined ? found : foundAt(found.place, constant)
}

/** The value that a field has in every event of a class. It stands for values in whatever case, so that not every test can be asked of it. */
export function constantFor(
  { constants }: EventClass,
  { field, test }: Extract<Expression, { kind: 'test' }>,
): string | undefined {
  if (test.kind === 'field' || test.kind === 'regex') return undefined
  return (test.kind === 'literal' || test.kind === 'glob') && test.cased ? undefined : constants.get(field)
}

function find(event: EvaluatedEvent, field: string): Found {
  const known = event.found?.get(field)
  if (known !== undefined) return known
  const places = event.eventClass.places(field, event.category)
  let found: Found | undefined
  for (const place of places) {
    const value = readPlace(event.doc, place)
    if (value === undefined) continue
    found = foundAt(place.keys.join('.'), value)
    break
  }
  found ??= foundAt(places[0]?.keys.join('.') ?? field, undefined)
  event.found?.set(field, found)
  return found
}

/** What a test says of a field's value as a whole. */
export function fieldHolds(
  test: FieldTest,
  value: JsonValue | undefined,
  read: (field: string) => JsonValue | undefined,
): boolean {
  switch (test.kind) {
    case 'exists':
      return (value !== undefined) === test.expected
    case 'null':
      return textsOf(value).length === 0
    case 'valued':
      return textsOf(value).length > 0
    case 'field':
      return relates(textsOf(value), textsOf(read(test.other)), test.how, test.cased)
    default: {
      const holds = textTest(test)!
      return textsOf(value).some((text) => holds(text, () => fold(text)))
    }
  }
}

export function relates(values: readonly string[], others: readonly string[], how: LiteralKind, cased: boolean): boolean {
  return values.some((value) =>
    others.some((other) => {
      const one = cased ? value : fold(value)
      const two = cased ? other : fold(other)
      if (how === 'exact') return one === two
      if (how === 'prefix') return one.startsWith(two)
      return how === 'suffix' ? one.endsWith(two) : one.includes(two)
    }),
  )
}

/** Dotted path of the first member with this text. */
function placeOf(doc: JsonValue, text: string): string {
  if (typeof doc !== 'object' || doc === null) return ''
  for (const [key, member] of Object.entries(doc as JsonObject)) {
    if (typeof member === 'object' && member !== null) {
      const inner = placeOf(member, text)
      if (inner !== '') return `${key}.${inner}`
    } else if (String(member) === text) return key
  }
  return ''
}
