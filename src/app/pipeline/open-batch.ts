import { randomBytes } from 'node:crypto'
import type { CommitResult } from '../../collect/commit.ts'
import { type Sighting, sightingOf } from '../../collect/completeness/sighting.ts'
import { type Deed, deedOf } from '../../detect/engines/behaviour/deed.ts'
import type { LakeEvent, LakeRows } from '../../platform/lake/lake.ts'
import type { Finding, NewEvent, Rules } from './rules.ts'

/** An event that says something by itself; its number is known when its batch is committed. */
export interface FoundEvent {
  readonly event: NewEvent
  readonly finding: Finding
}

/** A committed batch on its way to its consequences, with what each source's account gains by it. Its documents are gone. */
export interface CommittedBatch {
  readonly writer: string
  readonly sequence: number
  readonly received: number
  /** 0 where everything was repeated: there is nothing to store, but it is counted. */
  readonly events: number
  /** RFC 6962 root over the events, hexadecimal. */
  readonly root: string
  readonly found: readonly FoundEvent[]
  readonly sightings: readonly Sighting[]
  /** What users and hosts did. */
  readonly deeds: readonly Deed[]
  readonly counts: readonly { readonly source: string; readonly scope: string; readonly result: CommitResult }[]
}

/** Rules look at so many events in one turn (see detect/rule-guard.ts). */
const EVENTS_A_LOOK = 64

/**
 * A batch that is being gathered. All that anybody wants to know of an event is taken while its document is at hand: its row,
 * the rules that it matches by itself, what it says of its host. Then the document can be let go. Kept until their
 * batch is durable, documents outlive every collection of the heap's young part, and half of all time goes into moving them.
 */
export class OpenBatch {
  readonly received: number
  readonly receivedIso: string
  readonly salt = randomBytes(16).toString('hex')
  readonly rows: LakeRows
  /** What came with this batch: the same again is a repetition. */
  readonly requests = new Set<string>()
  readonly ids = new Set<string>()
  /** Batches not yet committed that hold what was taken for a repetition here. */
  readonly leansOn = new Set<OpenBatch>()
  state: 'open' | 'committed' | 'refused' = 'open'
  bytes = 0
  readonly #writer: string
  readonly #look: Rules['look']
  #unseen: NewEvent[] = []
  #unseenTexts: Uint8Array[] = []
  readonly #found: FoundEvent[] = []
  readonly #sightings: Sighting[] = []
  readonly #deeds: Deed[] = []

  constructor(writer: string, received: number, rows: LakeRows, look: Rules['look']) {
    this.#writer = writer
    this.received = received
    this.receivedIso = new Date(received).toISOString()
    this.rows = rows
    this.#look = look
  }

  /** Events together, for the same reason that makes records go through steps together (submission.ts). */
  add(events: readonly LakeEvent[]): void {
    const before = this.rows.count
    // Not by `push(...)`: a step may hold more events than a call may have arguments.
    for (const text of this.rows.add(events)) this.#unseenTexts.push(text)
    const { received } = this
    const writer = this.#writer
    const own = events.map(({ id, scope, source, parser, observed, doc }, at) => {
      return { id, scope, source, parser, observed, received, writer, index: before + at, doc }
    })
    for (const event of own) {
      const sighting = sightingOf(event)
      if (sighting !== undefined) this.#sightings.push(sighting)
    }
    for (const event of own) {
      const deed = deedOf(event)
      if (deed !== undefined) this.#deeds.push(deed)
    }
    for (const event of own) this.#unseen.push(event)
    if (this.#unseen.length >= EVENTS_A_LOOK) this.#lookAtUnseen()
  }

  #lookAtUnseen(): void {
    this.#look(this.#unseen, this.#unseenTexts, (event, finding) => this.#found.push({ event, finding }))
    this.#unseen = []
    this.#unseenTexts = []
  }

  /** What follows from it but its root. Call when all that belongs in it was added. */
  close(sequence: number, counts: CommittedBatch['counts']): Omit<CommittedBatch, 'root'> {
    this.#lookAtUnseen()
    return {
      writer: this.#writer,
      sequence,
      received: this.received,
      events: this.rows.count,
      found: this.#found,
      sightings: this.#sightings,
      deeds: this.#deeds,
      counts,
    }
  }
}
