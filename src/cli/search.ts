import { openLake } from '../app/lake.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { getPath, type JsonObject } from '../kernel/json.ts'
import { readConfig } from '../platform/config.ts'
import { dataDir, lockDataDir, prepareDataDir } from '../platform/data-dir.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import { localServer } from './local-server.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { callApi } from './remote.ts'
import type { ServerRef } from './request.ts'
import { terminalLog } from './terminal-log.ts'

const USAGE = `Usage: kanpeki search QUERY [--count] [--limit N] [--json] [--data DIR | --url URL --token TOKEN [--ca FILE]]
  --count   print only the number of events
  --limit N at most N events, newest first (default 20)
  --json    one JSON document a line`

interface Found {
  readonly id: string
  readonly observed: string
  readonly doc: JsonObject
}

interface Reader {
  count(query: string): Promise<number>
  search(query: string, limit: number): Promise<readonly Found[]>
}

function remoteReader(url: ServerRef, token: string | undefined): Reader {
  return {
    count: async (query) => (await callApi<{ count: number }>(url, token, 'POST', '/api/v1/events/count', { query })).count,
    search: async (query, limit) =>
      (await callApi<{ events: Found[] }>(url, token, 'POST', '/api/v1/events/search', { query, limit })).events,
  }
}

/** Whoever can read the data folder may read the lake: a running server is asked with a token that lives for a minute. */
async function withLocalReader<T>(data: string, work: (reader: Reader) => Promise<T>): Promise<T> {
  const server = await localServer(data, 'read', 'search on this host')
  if (server !== undefined) return await work(remoteReader(server, server.token))
  const dir = dataDir(data)
  const config = readConfig(data, {}, process.env)
  prepareDataDir(dir)
  const lock = await lockDataDir(dir)
  try {
    const { lake, close } = await openLake(config, dir, terminalLog())
    try {
      return await work({
        count: (query) => lake.count({ scope: DEFAULT_SCOPE, query: parseQuery(query) }),
        search: async (query, limit) => {
          const { events } = await lake.search({ scope: DEFAULT_SCOPE, query: parseQuery(query), limit })
          return events.map(({ id, observed, doc }) => ({ id, observed: new Date(observed).toISOString(), doc }))
        },
      })
    } finally {
      await close()
    }
  } finally {
    lock.release()
  }
}

function line({ observed, doc }: Found): string {
  const text = (path: string): string => {
    const value = getPath(doc, path)
    return typeof value === 'string' ? value : ''
  }
  return `${observed}  ${text('host.name').padEnd(16)}  ${text('message').split('\n', 1)[0]}`
}

export function searchCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          data: { type: 'string', default: './data' },
          url: { type: 'string' },
          ca: { type: 'string' },
          token: { type: 'string' },
          count: { type: 'boolean', default: false },
          limit: { type: 'string', default: '20' },
          json: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      return EXIT.ok
    }
    if (positionals.length !== 1) throw new KanpekiError('usage', 'Give one query; put it in quotes.', { remedy: `\n${USAGE}` })
    const query = positionals[0]!
    const limit = Number(values.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new KanpekiError('usage', '--limit must be from 1 to 1000.')
    const work = async (reader: Reader): Promise<number> => {
      if (values.count) {
        process.stdout.write(`${await reader.count(query)}\n`)
        return EXIT.ok
      }
      for (const event of await reader.search(query, limit))
        process.stdout.write(`${values.json ? JSON.stringify(event.doc) : line(event)}\n`)
      return EXIT.ok
    }
    return values.url === undefined
      ? await withLocalReader(values.data, work)
      : await work(remoteReader({ url: values.url, ca: values.ca }, values.token))
  })
}
