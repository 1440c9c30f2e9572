import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client'
import { KanpekiError } from '../../kernel/error.ts'
import { Params } from './query/params.ts'

export type Row = Readonly<Record<string, unknown>>

/**
 * The client with the house's errors. Reading statements are tried again while the engine does not answer; an insert
 * is tried once, because only its caller knows how to find out whether it was done.
 */
export class Engine {
  readonly #client: ClickHouseClient
  readonly #patienceMs: number
  #latest = Number.POSITIVE_INFINITY

  constructor(client: ClickHouseClient, patienceMs: number) {
    this.#client = client
    this.#patienceMs = patienceMs
  }

  /** @throws KanpekiError `cancelled` once `signal` is aborted: the engine's statement is ended too. */
  async rows<R extends Row>(sql: string, params: Params = new Params(), signal?: AbortSignal): Promise<readonly R[]> {
    return this.patiently(async () => {
      const result = await this.#client.query({
        query: sql,
        query_params: params.values,
        format: 'JSONEachRow',
        ...abortBy(signal),
      })
      return result.json<R>()
    }, signal)
  }

  async one<R extends Row>(sql: string, params?: Params, signal?: AbortSignal): Promise<R> {
    const [row] = await this.rows<R>(sql, params, signal)
    if (row === undefined) throw new KanpekiError('lake_refused', 'The lake gave no answer to a question that has one.')
    return row
  }

  async command(sql: string, params: Params = new Params(), signal?: AbortSignal): Promise<void> {
    await this.patiently(() => this.#client.command({ query: sql, query_params: params.values, ...abortBy(signal) }), signal)
  }

  async stream(sql: string, params: Params = new Params(), signal?: AbortSignal): Promise<Readable> {
    return this.patiently(
      async () => (await this.#client.exec({ query: sql, query_params: params.values, ...abortBy(signal) })).stream,
      signal,
    )
  }

  /** A statement that is not tried again. @throws KanpekiError `lake_unreachable` when it is not known whether it was done. */
  async once(sql: string, params: Params): Promise<void> {
    try {
      await this.#client.command({ query: sql, query_params: params.values })
    } catch (error) {
      throw lakeError(error)
    }
  }

  /** An insert with its rows, not tried again. @throws as `once`. */
  async insert(sql: string, params: Params, body: Buffer): Promise<void> {
    try {
      const values = Readable.from([body], { objectMode: false })
      const { stream } = await this.#client.exec({ query: sql, query_params: params.values, values })
      stream.resume()
    } catch (error) {
      throw lakeError(error)
    }
  }

  /** Tries again, with growing pauses, while `work` fails with one of these codes and patience lasts. */
  async patiently<R>(work: () => Promise<R>, signal?: AbortSignal, codes: readonly string[] = ['lake_unreachable']): Promise<R> {
    const until = performance.now() + this.#patienceMs
    for (let wait = 50; ; wait = Math.min(wait * 2, 1000)) {
      if (signal?.aborted) throw new KanpekiError('cancelled', 'Nobody waits for this any more.')
      try {
        return await work()
      } catch (reason) {
        if (signal?.aborted) throw new KanpekiError('cancelled', 'Nobody waits for this any more.', { cause: reason })
        const error = lakeError(reason)
        if (
          !(error instanceof KanpekiError) ||
          !codes.includes(error.code) ||
          performance.now() + wait > Math.min(until, this.#latest)
        )
          throw error
      }
      await sleep(wait)
    }
  }

  /** Patience ends for good so soon from now on, for calls that wait already and for all that follow. */
  endPatience(afterMs: number): void {
    this.#latest = Math.min(this.#latest, performance.now() + afterMs)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

/** The client listens for the signal only after a timer of its own, and would miss one that comes before. */
const ABORT_AFTER_MS = 5

function abortBy(signal: AbortSignal | undefined): { readonly abort_signal?: AbortSignal } {
  if (signal === undefined) return {}
  const later = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => later.abort(), ABORT_AFTER_MS), { once: true })
  return { abort_signal: later.signal }
}

const FREE_SPACE = 'Free some space, or drop old hours; nothing of this write was kept, and the sender will offer it again.'

/** By ClickHouse's exception number: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp */
function lakeError(error: unknown): unknown {
  if (error instanceof KanpekiError) return error
  const cause = { cause: error }
  if (!(error instanceof ClickHouseError))
    return new KanpekiError(
      'lake_unreachable',
      `The lake does not answer: ${error instanceof Error ? error.message : String(error)}.`,
      cause,
    )
  const full = error.code === '243' || /No space left on device|Disk quota exceeded/.test(error.message)
  if (full) return new KanpekiError('disk_full', 'The disk with the lake is full.', { ...cause, remedy: FREE_SPACE })
  switch (error.code) {
    // CHECKSUM_DOESNT_MATCH, CORRUPTED_DATA, CANNOT_DECOMPRESS
    case '40':
    case '246':
    case '271':
      return new KanpekiError('lake_damaged', 'A file of the lake is damaged: what is in it cannot be read.', {
        ...cause,
        remedy: 'Stop Kanpeki and run: kanpeki doctor --repair',
      })
    case '241':
      return new KanpekiError('lake_memory', 'This needs more memory than the lake may use.', {
        ...cause,
        remedy: 'Narrow the time range or the query, or give it more with --memory.',
      })
    case '159':
    case '160':
      return new KanpekiError('lake_timeout', 'The lake took too long to answer this.', {
        ...cause,
        remedy: 'Narrow the time range, or name a field in the query.',
      })
    case '62':
      if (!error.message.includes('Max query size exceeded')) break
      return new KanpekiError('query_long', 'The query asks for more at once than the lake can read.', {
        ...cause,
        remedy: 'Ask in parts, or name a field with whole values: those are read as one.',
      })
    case '427':
      return new KanpekiError('query_regex', `The regular expression cannot be used${regexFault(error.message)}.`, {
        ...cause,
        remedy: 'Use RE2 syntax: no look-around and no back references.',
      })
  }
  return new KanpekiError('lake_refused', `The lake refused this: ${error.message}`, cause)
}

/** RE2's own words out of the engine's: `… cannot compile re2: (?is)a(, error: missing ): a(. Look at …`. */
function regexFault(message: string): string {
  const fault = /, error: (.*?)\. Look at /s.exec(message)?.[1]
  return fault === undefined ? '' : ` (${fault})`
}
