import { messageOf } from '../../kernel/error.ts'
import type { MatchMessage, ResponseHead } from '../transaction.ts'
import type { HeaderLine } from './http1/headers.ts'
import type { Inspected, Inspection, Inspector, Verdict } from './inspection.ts'

type Stop = NonNullable<Verdict['stop']>

/**
 * All that look at one exchange. A fault of one is contained: it is asked no more, and `error` says what it was; whether the
 * request then goes on is the holder's decision, as with rules.
 */
export class Inspections {
  error: string | undefined
  readonly messages: MatchMessage[] = []
  readonly headers: HeaderLine[] = []
  /** The first stop asked for, carried out or not. */
  stop: Stop | undefined
  /** Milliseconds. */
  delay = 0
  #inspections: readonly Inspection[]

  private constructor(inspections: readonly Inspection[]) {
    this.#inspections = inspections
  }

  /** Undefined where nobody wants to look. */
  static begin(inspectors: readonly Inspector[], about: Inspected): Inspections | undefined {
    const begun: Inspection[] = []
    let error: string | undefined
    for (const inspector of inspectors) {
      try {
        const inspection = inspector.begin(about)
        if (inspection !== undefined) begun.push(inspection)
      } catch (fault) {
        error = messageOf(fault)
      }
    }
    if (begun.length === 0 && error === undefined) return undefined
    const made = new Inspections(begun)
    made.error = error
    return made
  }

  get requestBytes(): number {
    return Math.max(0, ...this.#inspections.map(({ requestBytes }) => requestBytes))
  }

  /** All are asked, one after the other, up to the first that stops. */
  async request(body: Buffer, truncated: boolean): Promise<void> {
    for (const each of this.#inspections) {
      try {
        this.#take(await each.request(body, truncated))
      } catch (error) {
        this.#failed(each, error)
      }
      if (this.stop !== undefined) return
    }
  }

  answerHead(head: ResponseHead): { readonly bytes: number; readonly hold: boolean } {
    let bytes = 0
    let hold = false
    for (const each of this.#inspections) {
      try {
        const wanted = each.answerHead(head)
        bytes = Math.max(bytes, wanted.bytes)
        hold ||= wanted.hold && wanted.bytes > 0
      } catch (error) {
        this.#failed(each, error)
      }
    }
    return { bytes, hold }
  }

  answer(body: Buffer, truncated: boolean): void {
    for (const each of this.#inspections) {
      try {
        this.#take(each.answer(body, truncated))
      } catch (error) {
        this.#failed(each, error)
      }
    }
  }

  over(isFound: boolean): void {
    for (const each of this.#inspections) {
      try {
        each.over(isFound || this.messages.length > 0)
      } catch (error) {
        this.#failed(each, error)
      }
    }
  }

  #take(verdict: Verdict | undefined): void {
    if (verdict === undefined) return
    this.messages.push(...(verdict.messages ?? []))
    this.headers.push(...(verdict.headers ?? []))
    this.delay = Math.max(this.delay, verdict.delay ?? 0)
    this.stop ??= verdict.stop
  }

  #failed(inspection: Inspection, error: unknown): void {
    this.error ??= messageOf(error)
    this.#inspections = this.#inspections.filter((each) => each !== inspection)
  }
}
