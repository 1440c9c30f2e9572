import { openLake } from '../app/lake.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { readConfig } from '../platform/config.ts'
import { dataDir, lockDataDir, requireDataDir } from '../platform/data-dir.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import { readTime } from '../platform/lake/query/times.ts'
import { rangeBetween } from '../platform/lake/time-range.ts'
import { command } from './command.ts'
import { localServer } from './local-server.ts'
import { EXIT, SERVER_OPTIONS } from './options.ts'
import { callApi } from './remote.ts'
import type { ServerRef } from './request.ts'
import { type FoundEvent, SEARCH_FORMATS, type SearchFormat, searchOutput } from './search-output.ts'
import { writeOut } from './standard-streams.ts'
import { terminalLog } from './terminal-log.ts'
import { columnsOf } from './terminal-text.ts'

const USAGE = `Usage: kanpeki search QUERY [--count] [--from T] [--to T] [--format FORMAT] [--limit N]
                      [--data DIR | --url URL --token TOKEN [--ca FILE]]

Finds events, newest first. The query is Lucene-like: host.name:web-* AND NOT user.name:root

  --count          print only the number of events
  --from T, --to T observed from T on, and before T: RFC 3339 (2026-11-22, 2026-11-22T05:00Z) or now-15m, now-7d
  --format FORMAT  table (default), ndjson (one document a line) or csv
  --json           the same as --format ndjson
  --fields A,B     columns of a table or CSV, members of an NDJSON line
  --limit N        at most N events (default 20)
  --data DIR       search this host's lake (default ./data); a running server is asked
  --url URL        ask a server instead, with --token (or KANPEKI_TOKEN)
  --ca FILE        trust this certificate instead of the system's (or KANPEKI_CA)`

/** The most that the server gives at once. */
const EVENTS_A_PAGE = 1000
const TERMINAL_WIDTH = 120
/** A longer query is not shown again with the place of a fault in it. */
const MOST_POINTED = 100

interface Asked {
  readonly query: string
  readonly from?: string
  readonly to?: string
}

interface Page {
  readonly events: readonly FoundEvent[]
  readonly next?: string
}

interface Reader {
  count(asked: Asked): Promise<number>
  page(asked: Asked, limit: number, cursor: string | undefined): Promise<Page>
}

function remoteReader(url: ServerRef, token: () => Promise<string | undefined>): Reader {
  return {
    count: async (asked) => (await callApi<{ count: number }>(url, await token(), 'POST', '/api/v1/events/count', asked)).count,
    page: async (asked, limit, cursor) =>
      callApi<Page>(url, await token(), 'POST', '/api/v1/events/search', {
        ...asked,
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      }),
  }
}

/** Whoever can read the data folder may read the lake: a running server is asked with a token that lives for a minute. */
async function withLocalReader<T>(data: string, work: (reader: Reader) => Promise<T>): Promise<T> {
  const server = await localServer(data, 'read', 'search on this host')
  if (server !== undefined) return await work(remoteReader(server, server.fresh))
  const dir = dataDir(data)
  requireDataDir(dir)
  const config = readConfig(data, {}, process.env)
  const lock = await lockDataDir(dir)
  try {
    const { lake, close } = await openLake(config, dir, terminalLog())
    try {
      return await work({
        count: (asked) => lake.count(searchOf(asked)),
        page: async (asked, limit, cursor) => {
          const { events, cursor: next } = await lake.search({
            ...searchOf(asked),
            limit,
            ...(cursor === undefined ? {} : { after: cursor }),
          })
          return {
            events: events.map((event) => ({ ...event, observed: new Date(event.observed).toISOString() })),
            ...(next === undefined ? {} : { next }),
          }
        },
      })
    } finally {
      await close()
    }
  } finally {
    lock.release()
  }
}

function searchOf({ query, from, to }: Asked) {
  const parsed = { scope: DEFAULT_SCOPE, query: parseQuery(query) }
  const range = rangeBetween(from, to)
  return range === undefined ? parsed : { ...parsed, range }
}

export function searchCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      count: { type: 'boolean', default: false },
      from: { type: 'string' },
      to: { type: 'string' },
      format: { type: 'string' },
      fields: { type: 'string' },
      limit: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      if (positionals.length !== 1) throw usage('Give one query; put it in quotes.')
      const asked: Asked = {
        query: positionals[0]!,
        ...timeOf('from', values.from),
        ...timeOf('to', values.to),
      }
      if (asked.from !== undefined && asked.to !== undefined && asked.from >= asked.to)
        throw usage('--from must be before --to: nothing lies between them.')
      checkQuery(asked.query)
      const limit = Number(values.limit)
      if (!Number.isInteger(limit) || limit < 1) throw usage('--limit must be a number from 1 on.')
      const format = formatOf(values.format ?? (values.json ? 'ndjson' : 'table'))
      const fields = values.fields?.split(',').map((field) => field.trim())
      const work = async (reader: Reader): Promise<number> => {
        if (values.count) process.stdout.write(`${await reader.count(asked)}\n`)
        else await print(reader, asked, limit, format, fields)
        return EXIT.ok
      }
      return values.url === undefined
        ? await withLocalReader(values.data, work)
        : await work(remoteReader({ url: values.url, ca: values.ca }, async () => values.token))
    },
  )
}

async function print(
  reader: Reader,
  asked: Asked,
  limit: number,
  format: SearchFormat,
  fields: readonly string[] | undefined,
): Promise<void> {
  const output = searchOutput(format, fields, process.stdout.columns ?? TERMINAL_WIDTH)
  if (!(await writeOut(output.head()))) return
  let left = limit
  let cursor: string | undefined
  do {
    const { events, next } = await reader.page(asked, Math.min(left, EVENTS_A_PAGE), cursor)
    if (!(await writeOut(output.lines(events)))) return
    left -= events.length
    cursor = next
  } while (cursor !== undefined && left > 0)
  // Said beside the output, so that what reads the output sees events only.
  if (left === limit) process.stderr.write('No event fits.\n')
  else if (cursor !== undefined) process.stderr.write(`These are the newest ${limit}; there are more (--limit, --count).\n`)
}

/** @throws KanpekiError `query_…` that points at the place in the query. */
function checkQuery(query: string): void {
  try {
    parseQuery(query)
  } catch (error) {
    const column = error instanceof KanpekiError ? error.place?.column : undefined
    if (!(error instanceof KanpekiError) || column === undefined || columnsOf(query) > MOST_POINTED || /[\p{Cc}]/u.test(query))
      throw error
    const pointer = `${' '.repeat(columnsOf(query.slice(0, column - 1)))}^`
    throw new KanpekiError(error.code, error.message, { remedy: `${error.remedy ?? ''}\n\n  ${query}\n  ${pointer}` })
  }
}

/** A span of time such as a day begins where it begins: `--to 2026-11-22` leaves that day out. */
function timeOf(option: 'from' | 'to', text: string | undefined): { readonly [K in 'from' | 'to']?: string } {
  if (text === undefined) return {}
  const span = readTime(text, Date.now())
  if (span === undefined) throw usage(`--${option} ${text} is not a time such as 2026-11-22T05:00Z or now-15m.`)
  return { [option]: new Date(span.from).toISOString() }
}

function formatOf(text: string): SearchFormat {
  const format = SEARCH_FORMATS.find((one) => one === text)
  if (format === undefined) throw usage(`--format is one of ${SEARCH_FORMATS.join(', ')}.`)
  return format
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
