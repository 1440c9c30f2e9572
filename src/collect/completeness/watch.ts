import { setImmediate as yieldTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { DEFAULT_SCOPE, type StoredEvent } from '../../kernel/event.ts'
import { MINIMUM_KINDS } from '../minimum-events/schema.ts'
import { hear, newHeard } from './heard.ts'
import { hostRecord, hostRow, streamRecord, streamRow, type WatchedHost, type WatchedStream } from './host-record.ts'
import { wholeOf } from './numbers-of.ts'
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
import { type Sighting, sightingOf } from './sighting.ts'
import { newSkew, takeTimes } from './skew.ts'
import type { CompletenessTables } from './tables.ts'

/** Hosts and numbered streams that are followed at most; those that come later are counted, so that nobody takes them for watched. */
export interface WatchLimits {
  readonly hosts: number
  readonly streams: number
  readonly streamsPerHost: number
}

const LIMITS: WatchLimits = { hosts: 100_000, streams: 200_000, streamsPerHost: 64 }
/** Other work of the thread has its turn between two of these. */
const ROWS_A_TRANSACTION = 2_000

export interface Watch {
  /** The lake's batch up to which nothing has to be seen again after a restart. */
  readonly checkpoint: number
  readonly hosts: number
  readonly streams: number
  /** Sees a committed batch; one that a row counts already changes nothing. */
  saw(events: readonly StoredEvent[], sequence: number): void
  /** The same, where the documents are gone. */
  tookIn(sightings: readonly Sighting[], sequence: number): void
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

  function hostOf(hosts: Map<string, Watched>, seen: Sighting, name: string, now: number): Watched | undefined {
    const known = hosts.get(name)
    if (known !== undefined) return known
    if (hostCount >= limits.hosts) {
      unfollowed++
      return undefined
    }
    hostCount++
    const { scope, source } = seen
    const made: Watched = {
      scope,
      source,
      host: name,
      home: seen.home,
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

  function number(host: Watched, name: string, value: number, seen: Sighting, batch: number): void {
    const { streams } = host
    let stream = streams.get(name)
    if (stream === undefined) {
      if (streams.size >= limits.streamsPerHost || streamCount >= limits.streams) return
      streamCount++
      stream = {
        scope: host.scope,
        source: host.source,
        host: host.host,
        home: host.home,
        stream: name,
        told: 0,
        heldTo: 0,
        sequence: 0,
        ...newStream(),
      }
      streams.set(name, stream)
    }
    if (batch <= stream.heldTo) return
    stream.sequence = batch
    takeNumber(stream, value, Math.floor(seen.observed / 1000), Math.floor(seen.received / 1000))
    if (stream.holes.length > 0) withHoles.add(stream)
    dirtyStreams.add(stream)
  }

  function tookIn(sightings: readonly Sighting[], batch: number): void {
    if (batch > sequence) sequence = batch
    let scope = ''
    let source = ''
    let hosts: Map<string, Watched> | undefined
    for (const seen of sightings) {
      if (seen.scope !== scope || seen.source !== source || hosts === undefined) {
        scope = seen.scope
        source = seen.source
        hosts = mapOf(scope, source)
      }
      if (seen.kinds !== 0) sawKinds(scope, seen.kinds, seen.received)
      if (seen.host === undefined) continue
      const receivedSeconds = Math.floor(seen.received / 1000)
      const host = hostOf(hosts, seen, seen.host, receivedSeconds)
      if (host === undefined) continue
      if (batch > host.heldTo) {
        host.events++
        host.kinds |= seen.kinds
        host.sequence = batch
        hear(host.heard, receivedSeconds)
        takeTimes(host.skew, seen.observed, seen.received)
        dirtyHosts.add(host)
      }
      if (seen.stream !== undefined) number(host, seen.stream, seen.number, seen, batch)
      if (seen.further !== undefined) for (const [name, value] of seen.further) number(host, name, value, seen, batch)
    }
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
    tookIn,
    saw(events, batch) {
      tookIn(
        events.flatMap((event) => sightingOf(event) ?? []),
        batch,
      )
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
