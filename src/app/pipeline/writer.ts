import { setImmediate as yieldTurn } from 'node:timers/promises'
import { countOutcomes } from '../../collect/counts.ts'
import { kindOf } from '../../collect/source-kind.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { newRows } from '../../platform/lake/encode.ts'
import type { Lake, LakeRows } from '../../platform/lake/lake.ts'
import type { Known } from './known.ts'
import { type CommittedBatch, OpenBatch } from './open-batch.ts'
import { openRequests, REMEMBER_MS } from './requests.ts'
import type { Roots } from './roots.ts'
import type { Rules } from './rules.ts'
import {
  type Committed,
  firstId,
  idWithin,
  type ReaderDeps,
  type ReadRecord,
  recordReader,
  type Submission,
  stepsOf,
} from './submission.ts'
import { RecordTaker } from './take-records.ts'

export interface WriterDeps extends ReaderDeps {
  readonly lake: Pick<Lake, 'append' | 'lastSequence' | 'knownRequests' | 'knownIds'>
  readonly writer: string
  /** Asked about each event before it is committed. */
  readonly look: Rules['look']
  readonly roots: Pick<Roots, 'of'>
  /** The highest number that was ever used: where retention emptied the lake it does not say so. */
  readonly after?: number
  /** Asked for each submission: which scope an event belongs to, what is added to it, what must not be kept, sources' zones. */
  readonly known: Pick<Known, 'handOver' | 'finish' | 'zoneMinutes'>
  /** Called in commit order, before the senders are told. */
  readonly committed: (batch: CommittedBatch) => void
  /** Resolves when the stage behind can take more. */
  readonly ready: () => Promise<void>
}

/** A batch takes no more submissions from here on. */
const FULL_RECORDS = 16_000
const FULL_BYTES = 24 * 1024 * 1024
/**
 * While more is there to be taken in, a batch with fewer waits for it, as long as it is not older than this: each insert costs the
 * engine as much as thousands of rows do, whatever is in it.
 */
const LEAST_RECORDS = 8_000
const MOST_GATHERING_MS = 250
/** Submissions looked up together; their documents are all in memory at once. */
const BITE_BYTES = 4 * 1024 * 1024
/** Steps between two turns of the loop: the batch before is on its way to the lake meanwhile, and its bytes move only then. */
const STEPS_A_TURN = 4
/** What waited longer than this for the lake is refused: its hour may be sealed by now. */
const MOST_WAIT_MS = 120_000

interface Waiting {
  readonly bytes: number
  readonly submission: () => Submission
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: unknown) => void
}

/** A submission that has its turn; its records are read ahead where it must be looked up what becomes of them. */
interface Bitten {
  readonly waiting: Waiting
  readonly submission: Submission
  readonly read: readonly ReadRecord[] | undefined
}

/** A submission that is in a batch and waits for its commit. */
interface TakenIn {
  readonly waiting: Waiting
  readonly source: string
  readonly scope: string
  readonly result: Omit<Committed, 'sequence'>
}

interface Filled {
  readonly batch: OpenBatch
  readonly taken: TakenIn[]
  /** When it was begun, of the monotonic clock, ms. */
  readonly begun: number
  /** Set where it leans on a batch that was not committed: what is in it is refused. */
  refusal?: { readonly error: unknown }
}

/** What may be a repetition: what the lake knows, and what batches hold that were not committed when it was asked. */
interface Before {
  readonly requests: ReadonlySet<string>
  readonly ids: ReadonlySet<string>
  readonly unsettled: OpenBatch[]
}

export interface Writer {
  /**
   * @param what a function is called when its turn has come, so that what waits is bytes and no documents.
   * @param bytes roughly what it takes, for a function.
   * @throws KanpekiError `bad_source` for a source id that names no kind; what the function throws; what the lake refuses.
   */
  submit(what: Submission | (() => Submission), bytes?: number): Promise<Committed>
  /** Resolves when everything submitted so far is committed or refused. */
  settled(): Promise<void>
}

/**
 * Commits submissions to the lake in batches: what arrives while one insert is being synced goes into the next one. The
 * writer alone gives sequence numbers, so that batches become visible in order.
 */
export async function createWriter(deps: WriterDeps): Promise<Writer> {
  const { lake, clock, writer } = deps
  let sequence = Math.max(await lake.lastSequence(writer), deps.after ?? 0)
  const requests = openRequests(lake, sequence > 0)
  const queue: Waiting[] = []
  const spare: LakeRows[] = []
  /** Gathers what comes in; sent off once nothing is under way. */
  let open: Filled | undefined
  let filling = false
  /** Submissions whose turn it is and that are not taken in yet. */
  let bitten = 0
  /** On its way to the lake. */
  let leaving: { readonly batch: OpenBatch; readonly done: Promise<void> } | undefined
  /** An insert whose outcome is not known: it must be settled before the next number is used. */
  let doubtful: { readonly batch: OpenBatch; readonly committed: CommittedBatch } | undefined
  let settling: Promise<void> | undefined
  let running: Promise<void> | undefined
  let lastReceived = 0

  const since = (): number => clock.now() - REMEMBER_MS

  function openBatch(): Filled {
    lastReceived = Math.max(clock.now(), lastReceived)
    setTimeout(depart, MOST_GATHERING_MS).unref()
    return {
      batch: new OpenBatch(writer, lastReceived, spare.pop() ?? newRows(), deps.look),
      taken: [],
      begun: performance.now(),
    }
  }

  const full = ({ batch }: Filled): boolean => batch.rows.count >= FULL_RECORDS || batch.bytes >= FULL_BYTES

  function due(filled: Filled): boolean {
    const nothingElse = queue.length === 0 && bitten === 0
    return (
      nothingElse ||
      filled.batch.rows.count >= LEAST_RECORDS ||
      full(filled) ||
      performance.now() - filled.begun >= MOST_GATHERING_MS
    )
  }

  function depart(): void {
    if (leaving !== undefined || filling || open === undefined || !due(open)) return
    const filled = open
    open = undefined
    if (filled.refusal !== undefined) {
      refuse(filled, filled.refusal.error)
      return
    }
    const done = commit(filled).then(() => {
      leaving = undefined
      depart()
    })
    leaving = { batch: filled.batch, done }
  }

  async function commit(filled: Filled): Promise<void> {
    const { batch, taken } = filled
    try {
      await settleDoubt()
      if (clock.now() - batch.received > MOST_WAIT_MS)
        throw new KanpekiError('lake_unreachable', 'The lake was busy for too long.', {
          remedy: 'Send again; nothing of this request was stored.',
        })
      const { received, salt, rows } = batch
      // Where nothing is stored no number is used: the next batch gets it.
      const next = rows.count > 0 ? sequence + 1 : sequence
      const results = taken.map(({ result }) => ({ ...result, sequence: next }))
      const counts = taken.map(({ source, scope }, at) => ({ source, scope, result: results[at]! }))
      const closed = batch.close(next, counts)
      const rooting = deps.roots.of({ salt, documents: rows.documents() })
      if (rows.count > 0) {
        try {
          await lake.append({ writer, sequence: next, received, salt, rows })
        } catch (error) {
          doubtful = { batch, committed: { ...closed, root: await rooting } }
          throw error
        }
        sequence = next
      }
      batch.state = 'committed'
      requests.remember(batch.requests, received)
      deps.committed({ ...closed, root: await rooting })
      for (const [at, { waiting }] of taken.entries()) waiting.resolve(results[at]!)
      reuse(rows)
    } catch (error) {
      refuse(filled, error)
    }
  }

  /** With a batch goes what was taken for a repetition of it; the senders of both offer it again. */
  function refuse({ batch, taken }: Filled, error: unknown): void {
    batch.state = 'refused'
    for (const { waiting } of taken) waiting.reject(error)
    if (open?.batch.leansOn.has(batch) === true) open.refusal = { error }
    reuse(batch.rows)
  }

  function reuse(rows: LakeRows): void {
    rows.clear()
    spare.push(rows)
  }

  function settleDoubt(): Promise<void> {
    if (doubtful === undefined) return Promise.resolve()
    settling ??= settle(doubtful).finally(() => {
      settling = undefined
    })
    return settling
  }

  async function settle({ batch, committed }: NonNullable<typeof doubtful>): Promise<void> {
    if ((await lake.lastSequence(writer)) >= committed.sequence) {
      sequence = committed.sequence
      // Its senders were told that it failed, and will send it again.
      requests.remember(batch.requests, batch.received)
      deps.committed(committed)
    }
    doubtful = undefined
  }

  function readAhead(submission: Submission): ReadRecord[] {
    const read = recordReader(submission, deps)
    return [...stepsOf(submission)].flatMap((some) => read(some))
  }

  function takeBite(): Bitten[] {
    const bite: Bitten[] = []
    for (let bytes = 0; queue.length > 0 && bytes < BITE_BYTES; ) {
      const waiting = queue.shift()!
      bytes += waiting.bytes
      try {
        const submission = waiting.submission()
        kindOf(submission.source)
        const sought = submission.records.some(({ id }) => submission.mayRepeat(id)) && !requests.has(submission.request, since())
        bite.push({ waiting, submission, read: sought ? readAhead(submission) : undefined })
      } catch (error) {
        waiting.reject(error)
      }
    }
    return bite
  }

  async function lookUp(bite: readonly Bitten[]): Promise<Before> {
    await settleDoubt()
    const unsettled = [leaving?.batch, open?.batch].filter((batch) => batch !== undefined)
    const ids = new Set<string>()
    for (const { submission, read } of bite)
      for (const [at, { events }] of (read ?? []).entries()) {
        const { id } = submission.records[at]!
        if (submission.mayRepeat(id)) ids.add(firstId(idWithin(submission.scope, id), events.length))
      }
    return {
      requests: await requests.lookUp(
        bite.map(({ submission }) => submission.request),
        since(),
      ),
      ids: ids.size === 0 ? NOTHING : await lake.knownIds([...ids], since()),
      unsettled,
    }
  }

  /** Whether one of the batches holds it; one that is not committed takes this one along if it fails. */
  function held(before: Before, filled: Filled, holds: (batch: OpenBatch) => boolean): boolean {
    const { batch: here } = filled
    const holder = before.unsettled.find(holds)
    if (holder === undefined) return false
    // It failed since the lake was asked, and may be stored all the same.
    if (holder.state === 'refused')
      filled.refusal ??= { error: new KanpekiError('lake_unreachable', 'What this repeats could not be committed.') }
    if (holder !== here && holder.state === 'open') here.leansOn.add(holder)
    return true
  }

  async function takeIn({ waiting, submission, read }: Bitten, filled: Filled, before: Before): Promise<void> {
    const { batch } = filled
    const { request, source, scope, records } = submission
    const repeated =
      request !== '' &&
      (requests.has(request, since()) || before.requests.has(request) || held(before, filled, (one) => one.requests.has(request)))
    if (request !== '') batch.requests.add(request)
    const taker = new RecordTaker(submission, batch, {
      known: deps.known,
      repeated: (id, events) => before.ids.has(firstId(id, events)) || held(before, filled, (one) => one.ids.has(id)),
    })
    if (repeated) {
      for (const record of records) {
        // What is wrong with it is told again, too.
        record.later?.()
        taker.outcomes.push('repeated')
      }
    } else {
      const readNow = recordReader(submission, deps)
      let steps = 0
      for (const some of stepsOf(submission)) {
        const at = taker.outcomes.length
        taker.take(some, read?.slice(at, at + some.length) ?? readNow(some))
        steps += 1
        if (steps % STEPS_A_TURN === 0) await yieldTurn()
      }
    }
    const { outcomes, masked, newest } = taker
    if (filled.refusal !== undefined) throw filled.refusal.error
    const { bytes, gaps, refused } = submission
    batch.bytes += bytes
    const result = {
      outcomes,
      writer,
      counts: countOutcomes(outcomes, { bytes, gaps, dropped: refused }),
      ...(newest === undefined ? {} : { observed: newest }),
      ...(masked.size === 0 ? {} : { masked }),
    }
    filled.taken.push({ waiting, source, scope, result })
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      await deps.ready()
      const bite = takeBite()
      bitten = bite.length
      try {
        await takeInAll(bite)
      } catch (error) {
        for (const { waiting } of bite) waiting.reject(error)
      }
      bitten = 0
      // The batch before is on its way, and its bytes move only now; so do those that come in.
      if (queue.length > 0) await yieldTurn()
    }
    running = undefined
    depart()
  }

  async function takeInAll(bite: readonly Bitten[]): Promise<void> {
    let before = await lookUp(bite)
    for (const [at, one] of bite.entries()) {
      while (open !== undefined && full(open)) {
        depart()
        await leaving?.done
      }
      // What failed meanwhile may be in the lake all the same.
      if (before.unsettled.some(({ state }) => state === 'refused')) before = await lookUp(bite.slice(at))
      open ??= openBatch()
      const filled = open
      if (!before.unsettled.includes(filled.batch)) before.unsettled.push(filled.batch)
      filling = true
      try {
        await takeIn(one, filled, before)
      } catch (error) {
        // Some of its rows may be in the batch already.
        open = undefined
        one.waiting.reject(error)
        refuse(filled, error)
      } finally {
        filling = false
        bitten -= 1
      }
      depart()
    }
  }

  return {
    submit: (what, bytes) =>
      new Promise((resolve, reject) => {
        if (typeof what === 'function') queue.push({ bytes: bytes ?? 0, submission: what, resolve, reject })
        else {
          kindOf(what.source)
          queue.push({ bytes: what.bytes, submission: () => what, resolve, reject })
        }
        running ??= run()
      }),
    settled: async () => {
      while (running !== undefined || leaving !== undefined) await (running ?? leaving?.done)
    },
  }
}

const NOTHING: ReadonlySet<string> = new Set()
