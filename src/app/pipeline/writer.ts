import { randomBytes } from 'node:crypto'
import type { CommitResult } from '../../collect/commit.ts'
import { countOutcomes, type RecordOutcome } from '../../collect/counts.ts'
import type { MaskTally } from '../../collect/masking/mask.ts'
import { kindOf } from '../../collect/source-kind.ts'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE, type ParsedEvent, type RawRecord, SELFTEST_SCOPE } from '../../kernel/event.ts'
import type { Lake, LakeBatch, LakeEvent } from '../../platform/lake/lake.ts'
import { finishDocument, markHandedOver, markScenario, unknownDocument } from './build-event.ts'
import type { Known } from './known.ts'

/** What one sender handed over at once: acknowledged as a whole or not at all. */
export interface Submission {
  readonly source: string
  readonly scope: string
  /** Identity of the request, for recognising it when it is sent again; empty where the records' ids do that. */
  readonly request: string
  readonly records: readonly RawRecord[]
  /** Whether an id may come a second time although the request is new: a client's own id, a file read again after a crash. */
  readonly mayRepeat: (id: string) => boolean
  readonly zoneMinutes: number
  readonly parsers: readonly string[]
  readonly bytes: number
  readonly gaps: number
  /** Items refused before they became a record. */
  readonly refused: number
}

export interface Committed extends CommitResult {
  readonly outcomes: readonly RecordOutcome[]
}

/** A committed batch on its way to the rules, with what each source's account gains by it. */
export interface CommittedBatch {
  /** Undefined where everything was repeated: there is nothing to store, but it is counted. */
  readonly batch: LakeBatch | undefined
  readonly counts: readonly { readonly source: string; readonly scope: string; readonly result: CommitResult }[]
}

export type ParseRecord = (
  record: RawRecord,
  context: { received: number; zoneMinutes: number; prefer: readonly string[] },
) => { readonly parser: string; readonly events: readonly ParsedEvent[] } | { readonly unknown: string }

export interface WriterDeps {
  readonly lake: Pick<Lake, 'append' | 'lastSequence' | 'knownRequests' | 'knownIds'>
  readonly clock: Clock
  readonly writer: string
  readonly parse: ParseRecord
  /** The highest number that was ever used: where retention emptied the lake it does not say so. */
  readonly after?: number
  /** Asked for each batch: which scope an event belongs to, what is added to it, what must not be kept, sources' zones. */
  readonly known: Pick<Known, 'handOver' | 'finish' | 'zoneMinutes'>
  /** Called in commit order, before the senders are told. */
  readonly committed: (batch: CommittedBatch) => void
  /** Resolves when the stage behind can take more. */
  readonly ready: () => Promise<void>
}

/** Requests and ids are remembered this long. */
export const REMEMBER_MS = 24 * 3_600_000
const GROUP_RECORDS = 8_000
const GROUP_BYTES = 32 * 1024 * 1024
const REMEMBERED_REQUESTS = 200_000

/** A record as its parser read it: all that can be done before the batch has its number and time. */
interface ReadRecord {
  readonly outcome: Exclude<RecordOutcome, 'repeated'>
  readonly parser: string
  readonly events: readonly ParsedEvent[]
}

interface Waiting {
  readonly submission: Submission
  /** Record by record; undefined where the request was known already when it came. */
  readonly read: readonly ReadRecord[] | undefined
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: unknown) => void
}

export interface Writer {
  /** @throws KanpekiError `bad_source` for a source id that names no kind; what the lake refuses otherwise. */
  submit(submission: Submission): Promise<Committed>
  /** Resolves when everything submitted so far is committed or refused. */
  settled(): Promise<void>
}

/**
 * Commits submissions to the lake in groups: whatever arrives while one insert is being synced is parsed meanwhile and goes
 * into the next.
 * The writer alone gives sequence numbers, so that batches become visible in order.
 */
export async function createWriter(deps: WriterDeps): Promise<Writer> {
  const { lake, clock, writer } = deps
  let sequence = Math.max(await lake.lastSequence(writer), deps.after ?? 0)
  /** Only a lake that held something when we started can know requests that we do not. */
  let askLake = sequence > 0
  const requests = new Map<string, number>()
  const queue: Waiting[] = []
  /** An insert whose outcome is not known: it must be settled before the next number is used. */
  let doubtful:
    | { readonly batch: LakeBatch; readonly counts: CommittedBatch['counts']; readonly requests: ReadonlySet<string> }
    | undefined
  let running: Promise<void> | undefined
  let lastReceived = 0

  function takeGroup(): Waiting[] {
    let records = 0
    let bytes = 0
    let count = 0
    for (const { submission } of queue) {
      if (count > 0 && (records + submission.records.length > GROUP_RECORDS || bytes + submission.bytes > GROUP_BYTES)) break
      records += submission.records.length
      bytes += submission.bytes
      count += 1
    }
    return queue.splice(0, count)
  }

  function readAll({ records, scope, source, zoneMinutes, parsers }: Submission): ReadRecord[] {
    const received = clock.now()
    const context = { received, zoneMinutes: deps.known.zoneMinutes(scope, source, zoneMinutes, received), prefer: parsers }
    return records.map((record) => {
      const parsed = record.unreadable === undefined ? deps.parse(record, context) : { unknown: record.unreadable }
      if ('unknown' in parsed) return { outcome: 'unknown', parser: 'unknown', events: [unknownDocument(record, parsed.unknown)] }
      return { outcome: parsed.events.length === 0 ? 'dropped' : 'parsed', ...parsed }
    })
  }

  async function settleDoubt(): Promise<void> {
    if (doubtful === undefined) return
    if ((await lake.lastSequence(writer)) >= doubtful.batch.sequence) {
      sequence = doubtful.batch.sequence
      // Its senders were told that it failed, and will send it again.
      remember(doubtful.requests, doubtful.batch.received)
      deps.committed(doubtful)
    }
    doubtful = undefined
  }

  async function knownRequests(group: readonly Waiting[], since: number): Promise<ReadonlySet<string>> {
    const asked = [...new Set(group.map(({ submission }) => submission.request).filter((hash) => hash !== ''))]
    const known = new Set(asked.filter((hash) => (requests.get(hash) ?? 0) >= since))
    const rest = asked.filter((hash) => !known.has(hash))
    if (askLake && rest.length > 0) for (const hash of await lake.knownRequests(rest, since)) known.add(hash)
    return known
  }

  async function knownIds(group: readonly Waiting[], since: number): Promise<ReadonlySet<string>> {
    const ids = new Set<string>()
    for (const { submission, read } of group) {
      for (const [at, { id }] of submission.records.entries())
        if (submission.mayRepeat(id)) ids.add(firstId(idWithin(submission.scope, id), read?.[at]?.events.length))
    }
    return ids.size === 0 ? new Set() : await lake.knownIds([...ids], since)
  }

  async function commitGroup(group: readonly Waiting[]): Promise<void> {
    await settleDoubt()
    const received = Math.max(clock.now(), lastReceived)
    lastReceived = received
    const since = received - REMEMBER_MS
    const requestsBefore = await knownRequests(group, since)
    const idsBefore = await knownIds(group, since)
    const idsHere = new Set<string>()
    const requestsHere = new Set<string>()
    const events: LakeEvent[] = []
    const receivedIso = new Date(received).toISOString()
    const next = sequence + 1
    const handOver = deps.known.handOver()
    const finish = deps.known.finish()

    const outcomesOf = ({ submission, read }: Waiting, masked: MaskTally, saw: (observed: number) => void): RecordOutcome[] => {
      const { request, source, records } = submission
      const shared = submission.scope === DEFAULT_SCOPE && handOver.size > 0
      const repeated = request !== '' && (requestsBefore.has(request) || requestsHere.has(request))
      if (request !== '') requestsHere.add(request)
      if (repeated) return records.map(() => 'repeated')
      return (read ?? readAll(submission)).map(({ outcome, parser, events: made }, at): RecordOutcome => {
        const record = records[at]!
        const mayRepeat = submission.mayRepeat(record.id)
        const own = mayRepeat ? idWithin(submission.scope, record.id) : record.id
        if (mayRepeat) {
          if (idsBefore.has(firstId(own, made.length)) || idsHere.has(own)) return 'repeated'
          idsHere.add(own)
        }
        for (const [index, one] of made.entries()) {
          const id = made.length === 1 ? own : `${own}.${index}`
          const { doc, observed } = finishDocument(one, id, receivedIso, received)
          if (one.observed !== undefined) saw(one.observed)
          const taker = shared ? handOver.scopeOf(doc) : undefined
          const scope = taker ?? submission.scope
          if (taker !== undefined) markHandedOver(doc)
          if (scope === SELFTEST_SCOPE) markScenario(doc, record.origin ?? '')
          finish?.(doc, scope, masked)
          events.push({ id, scope, source, parser, observed, doc, json: JSON.stringify(doc), request })
        }
        return outcome
      })
    }

    const results = group.map((waiting) => {
      let newest: number | undefined
      const masked: MaskTally = new Map()
      const outcomes = outcomesOf(waiting, masked, (observed) => {
        newest = Math.max(newest ?? observed, observed)
      })
      const { bytes, gaps, refused } = waiting.submission
      const counts = countOutcomes(outcomes, { bytes, gaps, dropped: refused })
      return {
        outcomes,
        writer,
        sequence: next,
        counts,
        ...(newest === undefined ? {} : { observed: newest }),
        ...(masked.size === 0 ? {} : { masked }),
      }
    })
    const counts = group.map(({ submission }, at) => ({
      source: submission.source,
      scope: submission.scope,
      result: results[at]!,
    }))
    const batch =
      events.length === 0 ? undefined : { writer, sequence: next, received, salt: randomBytes(16).toString('hex'), events }
    if (batch !== undefined) {
      try {
        await lake.append(batch)
      } catch (error) {
        doubtful = { batch, counts, requests: requestsHere }
        throw error
      }
      sequence = next
    }
    remember(requestsHere, received)
    deps.committed({ batch, counts })
    for (const [at, { resolve }] of group.entries()) resolve(results[at]!)
  }

  function remember(hashes: ReadonlySet<string>, now: number): void {
    for (const hash of hashes) {
      requests.delete(hash)
      requests.set(hash, now)
    }
    for (const [hash, at] of requests) {
      const expired = at < now - REMEMBER_MS
      if (!expired && requests.size <= REMEMBERED_REQUESTS) break
      requests.delete(hash)
      // What memory forgets early, the lake still knows.
      if (!expired) askLake = true
    }
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      await deps.ready()
      const group = takeGroup()
      try {
        await commitGroup(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    running = undefined
  }

  return {
    submit: (submission) =>
      new Promise((resolve, reject) => {
        kindOf(submission.source)
        const read = requests.has(submission.request) ? undefined : readAll(submission)
        queue.push({ submission, read, resolve, reject })
        running ??= run()
      }),
    settled: async () => {
      while (running !== undefined) await running
    },
  }
}

/** What one scope has read is not repeated by another: two teams may read the same file. */
function idWithin(scope: string, id: string): string {
  return scope === DEFAULT_SCOPE || id.startsWith(`${scope}/`) ? id : `${scope}/${id}`
}

/** What the first event of a record is stored as. */
function firstId(id: string, events: number | undefined): string {
  return events === undefined || events < 2 ? id : `${id}.0`
}

/** For senders that must wait: the writer's queue is bounded by whoever fills it. */
export function queueFull(): KanpekiError {
  return new KanpekiError('queue_full', 'Kanpeki is taking in as much as it can.', {
    remedy: 'Send again after a moment; nothing of this request was stored.',
  })
}
