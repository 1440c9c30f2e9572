import type { Insertable, Selectable } from 'kysely'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import type { Heard } from './heard.ts'
import { densityOf, NO_HOLES, type Stream } from './sequence.ts'
import type { Skew } from './skew.ts'
import type { HostsTable, StreamsTable } from './tables.ts'

/** A host in the memory of the writer's thread. */
export interface WatchedHost {
  readonly scope: string
  readonly source: string
  readonly host: string
  readonly home: string
  readonly heard: Heard
  readonly skew: Skew
  events: number
  kinds: number
  sequence: number
  /** Batches up to here stand in the row that was read at start. */
  readonly heldTo: number
}

export interface WatchedStream extends Stream {
  readonly scope: string
  readonly source: string
  readonly host: string
  readonly home: string
  readonly stream: string
  sequence: number
  readonly heldTo: number
  /** Missing numbers that the source's accounts have been told of. */
  told: number
}

export function hostRecord(row: Selectable<HostsTable>): WatchedHost {
  const { scope, source, host, home, events, kinds, sequence } = row
  return {
    scope,
    source,
    host,
    home,
    events,
    kinds,
    sequence,
    heldTo: sequence,
    heard: {
      first: row.first_seen / 1000,
      last: row.last_seen / 1000,
      minutes: row.minutes,
      silences: [row.silence_1, row.silence_2, row.silence_3],
      usual: row.usual,
      period: row.period,
    },
    skew: {
      since: row.skew_since,
      growing: row.skew_growing,
      delay: row.skew_delay,
      ahead: row.ahead,
      behind: row.behind,
    },
  }
}

export function hostRow(one: WatchedHost): Insertable<HostsTable> {
  const { scope, source, host, home, events, kinds, sequence, heard, skew } = one
  return {
    scope,
    source,
    host,
    home,
    events,
    kinds,
    sequence,
    first_seen: heard.first * 1000,
    last_seen: heard.last * 1000,
    minutes: heard.minutes,
    silence_1: heard.silences[0],
    silence_2: heard.silences[1],
    silence_3: heard.silences[2],
    usual: heard.usual,
    period: heard.period,
    skew_since: skew.since,
    skew_growing: skew.growing,
    skew_delay: skew.delay,
    ahead: skew.ahead,
    behind: skew.behind,
  }
}

export function streamRecord(row: Selectable<StreamsTable>): WatchedStream {
  const { density: _density, holes, ...rest } = row
  const open = readJson<[number, number, number][]>(holes).map(([from, to, since]) => ({ from, to, since }))
  return { ...rest, holes: open.length === 0 ? NO_HOLES : open, told: row.missing, heldTo: row.sequence }
}

export function streamRow(one: WatchedStream): Insertable<StreamsTable> {
  const { told: _told, heldTo: _heldTo, holes, ...rest } = one
  return { ...rest, holes: jsonText(holes.map(({ from, to, since }) => [from, to, since])), density: densityOf(one) }
}
