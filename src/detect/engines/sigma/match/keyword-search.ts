import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import type { KeywordTest } from '../expression.ts'
import type { Search } from './match-node.ts'
import { fold } from './fold.ts'
import type { Current } from './predicate.ts'
import { type TextTest, textTest } from './text-test.ts'

/** Looks for one keyword in every value of the event, at most once an event. */
export class KeywordSearch implements Search {
  readonly #test: TextTest
  #stamp = 0
  #holds = false

  constructor(test: KeywordTest) {
    this.#test = textTest(test)!
  }

  holds(current: Current): boolean {
    if (this.#stamp !== current.stamp) {
      this.#stamp = current.stamp
      this.#holds = someText(current.doc, this.#test)
    }
    return this.#holds
  }
}

function someText(value: JsonValue, test: TextTest): boolean {
  if (typeof value === 'string') return test(value, fold(value))
  if (typeof value !== 'object' || value === null) return value !== null && test(String(value), String(value))
  for (const key in value as JsonObject) if (someText((value as JsonObject)[key]!, test)) return true
  return false
}

/** Calls back with every text of the event, without allocating. */
export function visitTexts(value: JsonValue, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value)
  else if (typeof value === 'object') {
    if (value !== null) for (const key in value as JsonObject) visitTexts((value as JsonObject)[key]!, visit)
  } else visit(String(value))
}
