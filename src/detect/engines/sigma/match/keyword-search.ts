import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { fold } from '../../../../platform/text/fold.ts'
import type { KeywordTest } from '../expression.ts'
import type { EventAtHand } from './event-at-hand.ts'
import type { Search } from './match-node.ts'
import { type TextTest, textTest } from './text-test.ts'

/** Looks for one keyword in every value of the event, at most once an event. */
export class KeywordSearch implements Search {
  readonly #test: TextTest
  #stamp = 0
  #holds = false

  constructor(test: KeywordTest) {
    this.#test = textTest(test)!
  }

  holds(event: EventAtHand): boolean {
    if (this.#stamp !== event.stamp) {
      this.#stamp = event.stamp
      this.#holds = someText(event.doc, this.#test)
    }
    return this.#holds
  }
}

function someText(value: JsonValue, test: TextTest): boolean {
  if (typeof value === 'string') return test(value, () => fold(value))
  if (typeof value !== 'object' || value === null) return value !== null && test(String(value), () => String(value))
  return Object.values(value as JsonObject).some((member) => someText(member, test))
}
