import type { RecordOutcome } from '../../collect/counts.ts'
import type { MaskTally } from '../../collect/masking/mask.ts'
import { DEFAULT_SCOPE, type ParsedEvent, type RawRecord, SELFTEST_SCOPE } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { finishDocument, markHandedOver, markScenario } from './build-event.ts'
import type { Known } from './known.ts'
import type { OpenBatch } from './open-batch.ts'
import { idWithin, type ReadRecord, type Submission } from './submission.ts'

export interface TakingDeps {
  readonly known: Pick<Known, 'handOver' | 'finish'>
  /** Whether the record was taken in before. @param id within its scope. @param events how many it holds. */
  readonly repeated: (id: string, events: number) => boolean
}

interface Parsed {
  readonly id: string
  readonly origin: string
  readonly parser: string
  readonly event: ParsedEvent
}

/** Takes the records of one submission into a batch, and says what became of each. */
export class RecordTaker {
  readonly outcomes: RecordOutcome[] = []
  readonly masked: MaskTally = new Map()
  /** The newest time that an event carries itself. */
  newest: number | undefined
  readonly #submission: Submission
  readonly #batch: OpenBatch
  readonly #repeated: TakingDeps['repeated']
  readonly #handOver: ReturnType<Known['handOver']>
  readonly #finish: ReturnType<Known['finish']>

  constructor(submission: Submission, batch: OpenBatch, { known, repeated }: TakingDeps) {
    this.#submission = submission
    this.#batch = batch
    this.#repeated = repeated
    this.#handOver = known.handOver()
    this.#finish = known.finish()
  }

  /** @param read the same records as their parsers read them. */
  take(records: readonly RawRecord[], read: readonly ReadRecord[]): void {
    const { source, request } = this.#submission
    const fresh = this.#newOf(records, read)
    const finished = fresh.map((one) => this.#finished(one))
    this.#batch.add(
      finished.map(({ doc, observed, scope }, at) => {
        const { id, parser } = fresh[at]!
        return { id, scope, source, parser, observed, doc, json: JSON.stringify(doc), request }
      }),
    )
  }

  #newOf(records: readonly RawRecord[], read: readonly ReadRecord[]): Parsed[] {
    const { scope, mayRepeat } = this.#submission
    const fresh: Parsed[] = []
    for (const [at, { outcome, parser, events }] of read.entries()) {
      const { id: sent, origin = '' } = records[at]!
      const again = mayRepeat(sent)
      const own = again ? idWithin(scope, sent) : sent
      if (again) {
        if (this.#repeated(own, events.length)) {
          this.outcomes.push('repeated')
          continue
        }
        this.#batch.ids.add(own)
      }
      this.outcomes.push(outcome)
      for (const [index, event] of events.entries())
        fresh.push({ id: events.length === 1 ? own : `${own}.${index}`, origin, parser, event })
    }
    return fresh
  }

  #finished({ id, origin, event }: Parsed): { readonly scope: string; readonly observed: number; readonly doc: JsonObject } {
    const { receivedIso, received } = this.#batch
    const { doc, observed } = finishDocument(event, id, receivedIso, received)
    if (event.observed !== undefined) this.newest = Math.max(this.newest ?? observed, observed)
    const { scope: sent } = this.#submission
    const taker = sent === DEFAULT_SCOPE && this.#handOver.size > 0 ? this.#handOver.scopeOf(doc) : undefined
    if (taker !== undefined) markHandedOver(doc)
    const scope = taker ?? sent
    if (scope === SELFTEST_SCOPE) markScenario(doc, origin)
    this.#finish?.(doc, scope, this.masked)
    return { scope, observed, doc }
  }
}
