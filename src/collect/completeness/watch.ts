import { setImmediate as yieldTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { DEFAULT_SCOPE, type StoredEvent } from '../../kernel/event.ts'
import { isJsonObject, type JsonValue } from '../../kernel/json.ts'
import { minimumKindsOf } from '../minimum-events/classify.ts'
import { MINIMUM_KINDS } from '../minimum-events/schema.ts'
import { hear, newHeard } from './heard.ts'
import { hostRecord, hostRow, streamRecord, streamRow, type WatchedHost, type WatchedStream } from './host-record.ts'
import { numbersOf, wholeOf } from './numbers-of.ts'
import {
  addGaps,
  readHosts,
  readKinds,
  readStreams,
  readWatched,
  writeHosts,
  writeKinds,
  writeStreams,
  writeWatched,
} from './queries.ts'
import { densityOf, expireHoles, newStream, takeNumber } from './sequence.ts'
import { newSkew, takeTimes } from './skew.ts'
import type { CompletenessTables } from './tables.ts'

/** Hosts and numbered streams that are followed at most; those that come later are counted, so that nobody takes them for watched. */
export interface WatchLimits {
  readonly hosts: number
  readonly streams: number
  readonly streamsPerHost: number
}

const LIMITS: WatchLimits = { hosts: 100_000, streams: 200_000, streamsPerHost: 64 }
/** The longest name of a host (RFC 1035); longer ones are no hosts. */
const MAX_HOST = 253
/** Other work of the thread has its turn between two of these. */
const ROWS_A_TRANSACTION = 2_000

export interface Watch {
  /** The lake's batch up to which nothing has to be seen again after a restart. */
  readonly checkpoint: number
  readonly hosts: number
  readonly streams: number
  /** Sees a committed batch; one that a row counts already changes nothing. */
  saw(events: readonly StoredEvent[], sequence: number): void
  /**
   * Writes what changed, a bounded number of rows a transaction, and adds losses to the accounts of their sources.
   * @param now milliseconds UTC.
   */
  flush(transaction: Transaction, now: number): Promise<void>
}

type Transaction = (work: (trx: Kysely<CompletenessTables>) => Promise<void>) => Promise<void>

interface Watched extends WatchedHost {
  readonly streams: Map<string, WatchedStream>
}

/**
 * Follows hosts, their clocks, their numbered streams and the kinds of events that arrive, in memory; what it knew before
 * is read from the state store. Each row says up to which batch it counts, so that reading batches again is harmless.
 * @param fresh where to begin if nothing was ever followed here: a lake is not read back for it.
 */
export async function openWatch(
  db: Kysely<CompletenessTables>,
  writer: string,
  fresh: number,
  limits: WatchLimits = LIMITS,
): Promise<Watch> {
  const before = await readWatched(db, writer)
  const bySource = new Map<string, Map<string, Watched>>()
  const dirtyHosts = new Set<Watched>()
  const dirtyStreams = new Set<WatchedStream>()
  const withHoles = new Set<WatchedStream>()
  const kinds = new Map<string, { readonly first: number[]; readonly last: number[] }>()
  const dirtyKinds = new Set<string>()
  let unfollowed = before?.unfollowed ?? 0
  let sequence = before?.sequence ?? fresh
  let checkpoint = sequence
  let written = before === undefined ? -1 : sequence
  let hostCount = 0
  let streamCount = 0

  const mapOf = (scope: string, source: string): Map<string, Watched> => {
    const key = `${scope}\0${source}`
    let map = bySource.get(key)
    if (map === undefined) {
      map = new Map()
      bySource.set(key, map)
    }
    return map
  }
  for (const row of await readHosts(db, limits.hosts)) {
    mapOf(row.scope, row.source).set(row.host, { ...hostRecord(row), streams: new Map() })
    hostCount++
  }
  for (const row of await readStreams(db, limits.streams)) {
    const host = bySource.get(`${row.scope}\0${row.source}`)?.get(row.host)
    if (host === undefined) continue
    const stream = streamRecord(row)
    host.streams.set(row.stream, stream)
    if (stream.holes.length > 0) withHoles.add(stream)
    streamCount++
  }
  for (const { scope, kind, first_seen, last_seen } of await readKinds(db)) {
    const at = MINIMUM_KINDS.indexOf(kind as (typeof MINIMUM_KINDS)[number])
    const { first, last } = kindsOf(scope)
    first[at] = first_seen
    last[at] = last_seen
  }

  function kindsOf(scope: string): { readonly first: number[]; readonly last: number[] } {
    let one = kinds.get(scope)
    if (one === undefined) {
      const nothing = (): number[] => MINIMUM_KINDS.map(() => 0)
      one = { first: nothing(), last: nothing() }
      kinds.set(scope, one)
    }
    return one
  }

  function sawKinds(scope: string, mask: number, received: number): void {
    const { first, last } = kindsOf(scope)
    for (let at = 0, rest = mask; rest !== 0; at++, rest >>>= 1) {
      if ((rest & 1) === 0) continue
      if (first[at] === 0) first[at] = received
      last[at] = received
    }
    dirtyKinds.add(scope)
  }

  function hostOf(hosts: Map<string, Watched>, event: StoredEvent, name: string, now: number): Watched | undefined {
    const known = hosts.get(name)
    if (known !== undefined) return known
    if (hostCount >= limits.hosts) {
      unfollowed++
      return undefined
    }
    hostCount++
    const { scope, source } = event
    const made: Watched = {
      scope,
      source,
      host: name,
      home: homeOf(event),
      events: 0,
      kinds: 0,
      sequence: 0,
      heldTo: 0,
      heard: newHeard(now),
      skew: newSkew(now),
      streams: new Map(),
    }
    hosts.set(name, made)
    return made
  }

  // One closure for all events: the state of the event at hand stands beside it.
  let host: Watched | undefined
  let batchAtHand = 0
  let observedSeconds = 0
  let receivedSeconds = 0
  const number = (name: string, value: number): void => {
    const { streams } = host!
    let stream = streams.get(name)
    if (stream === undefined) {
      if (streams.size >= limits.streamsPerHost || streamCount >= limits.streams) return
      streamCount++
      stream = {
        scope: host!.scope,
        source: host!.source,
        host: host!.host,
        home: host!.home,
        stream: name,
        told: 0,
        heldTo: 0,
        sequence: 0,
        ...newStream(),
      }
      streams.set(name, stream)
    }
    if (batchAtHand <= stream.heldTo) return
    stream.sequence = batchAtHand
    takeNumber(stream, value, observedSeconds, receivedSeconds)
    if (stream.holes.length > 0) withHoles.add(stream)
    dirtyStreams.add(stream)
  }

  return {
    get checkpoint() {
      return checkpoint
    },
    get hosts() {
      return hostCount
    },
    get streams() {
      return streamCount
    },
    saw(events, batch) {
      if (batch > sequence) sequence = batch
      batchAtHand = batch
      let scope = ''
      let source = ''
      let hosts: Map<string, Watched> | undefined
      let timed = true
      let own = false
      for (const event of events) {
        if (event.scope !== scope || event.source !== source || hosts === undefined) {
          scope = event.scope
          source = event.source
          hosts = mapOf(scope, source)
          // An import is of the past: its times say nothing of a clock, nor its end of silence. And what we say about
          // ourselves is no sight of anything else.
          own = source.startsWith('kanpeki:')
          timed = !own && !source.startsWith('import')
        }
        if (own) continue
        const { doc, received } = event
        const mask = minimumKindsOf(doc)
        if (mask !== 0) sawKinds(scope, mask, received)
        if (!timed) continue
        const name = nameOf(doc['host'])
        if (name === undefined) continue
        receivedSeconds = Math.floor(received / 1000)
        host = hostOf(hosts, event, name, receivedSeconds)
        if (host === undefined) continue
        if (batch > host.heldTo) {
          host.events++
          host.kinds |= mask
          host.sequence = batch
          hear(host.heard, receivedSeconds)
          takeTimes(host.skew, event.observed, received)
          dirtyHosts.add(host)
        }
        observedSeconds = Math.floor(event.observed / 1000)
        numbersOf(doc, source, number)
      }
    },
    async flush(transaction, now) {
      const upTo = sequence
      for (const stream of withHoles) {
        if (expireHoles(stream, Math.floor(now / 1000))) dirtyStreams.add(stream)
        if (stream.holes.length === 0) withHoles.delete(stream)
      }
      // Rows that change while the former ones are written wait for the next time, or are written newer than asked: both are right.
      const hosts = [...dirtyHosts]
      const streams = [...dirtyStreams]
      const scopes = [...dirtyKinds]
      dirtyHosts.clear()
      dirtyStreams.clear()
      dirtyKinds.clear()
      try {
        for (let at = 0; at < hosts.length; at += ROWS_A_TRANSACTION) {
          const part = hosts.slice(at, at + ROWS_A_TRANSACTION).map(hostRow)
          await transaction((trx) => writeHosts(trx, part))
          await yieldTurn()
        }
        for (let at = 0; at < streams.length; at += ROWS_A_TRANSACTION) {
          await writeSome(transaction, streams.slice(at, at + ROWS_A_TRANSACTION), now)
          await yieldTurn()
        }
        if (upTo === written && scopes.length === 0) return
        await transaction(async (trx) => {
          for (const scope of scopes) await writeKinds(trx, scope, kindsOf(scope))
          await writeWatched(trx, { writer, scope: DEFAULT_SCOPE, sequence: upTo, unfollowed })
        })
        checkpoint = written = upTo
      } catch (error) {
        for (const one of hosts) dirtyHosts.add(one)
        for (const one of streams) dirtyStreams.add(one)
        for (const one of scopes) dirtyKinds.add(one)
        throw error
      }
    },
  }

  async function writeSome(transaction: Transaction, streams: readonly WatchedStream[], now: number): Promise<void> {
    const gaps = new Map<string, { home: string; source: string; count: number }>()
    const missing = streams.map((stream) => stream.missing)
    const rows = streams.map(streamRow)
    for (const [at, stream] of streams.entries()) {
      const lost = missing[at]! - stream.told
      if (lost === 0 || !counts(stream)) continue
      const key = `${stream.home}\0${stream.source}`
      const one = gaps.get(key) ?? { home: stream.home, source: stream.source, count: 0 }
      one.count += lost
      gaps.set(key, one)
    }
    await transaction(async (trx) => {
      await writeStreams(trx, rows)
      for (const { home, source, count } of gaps.values()) await addGaps(trx, home, source, count, now)
    })
    for (const [at, stream] of streams.entries()) stream.told = missing[at]!
  }

  /** Whether a stream's missing numbers are losses: nothing is left out on purpose, and no wider stream tells of them. */
  function counts(stream: WatchedStream): boolean {
    if (densityOf(stream) !== 'dense') return false
    const whole = wholeOf(stream.stream)
    const wider =
      whole === undefined ? undefined : bySource.get(`${stream.scope}\0${stream.source}`)?.get(stream.host)?.streams.get(whole)
    return wider === undefined || densityOf(wider) !== 'dense'
  }
}

function nameOf(host: JsonValue | undefined): string | undefined {
  const name = isJsonObject(host) ? (host['name'] ?? host['hostname']) : undefined
  return typeof name === 'string' && name !== '' && name.length <= MAX_HOST ? name : undefined
}

/** The scope that keeps the source's accounts: where an event was handed over, that is the shared one. */
function homeOf({ scope, doc }: StoredEvent): string {
  const own = doc['kanpeki']
  return isJsonObject(own) && own['from'] === DEFAULT_SCOPE ? DEFAULT_SCOPE : scope
}
