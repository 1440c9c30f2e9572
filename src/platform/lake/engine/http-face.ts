import { randomUUID, timingSafeEqual } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { MergeHold } from './merge-debt.ts'
import type { SessionPool } from './sessions.ts'
import { bindParameters, insertFromFile, isInsert, needsMerges } from './statements.ts'

/** Settings of ClickHouse's HTTP layer that the client sends and that mean nothing here, or are done anyway. */
const HTTP_ONLY = new Set([
  'wait_end_of_query',
  'enable_http_compression',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
])
const KNOWN = new Set(['query', 'query_id', 'database', 'default_format', ...HTTP_ONLY])

export interface HttpFaceOptions {
  readonly writers: SessionPool
  readonly readers: SessionPool
  /** Ends statements that nobody waits for any more. */
  readonly control: SessionPool
  readonly merges: MergeHold
  /** Folder for data on its way. */
  readonly spool: string
  /** Password that each request must carry. */
  readonly secret: string
}

/**
 * The part of ClickHouse's HTTP interface that `@clickhouse/client` needs: `GET /ping`, and `POST /` with the statement
 * in the body, or in `query=` and the inserted data in the body. A statement that this part cannot carry out exactly is
 * refused, never done in another way.
 */
export function httpFace(options: HttpFaceOptions): Server {
  const server = createServer({ maxHeaderSize: 8 * 1024 * 1024, keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    // Ending: what runs is answered, and a client that goes on asking on its open connection learns that we are gone.
    if (!server.listening) return void request.socket.destroy()
    response.once('finish', () => {
      if (!server.listening) request.socket.end()
    })
    const left = new AbortController()
    response.once('close', () => left.abort())
    answer(options, request, left.signal).then(
      (body) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length })
        response.end(body)
      },
      (error: unknown) => fail(response, error),
    )
  })
  return server
}

/** @param left is aborted when the client has gone. */
async function answer(options: HttpFaceOptions, request: IncomingMessage, left: AbortSignal): Promise<Uint8Array> {
  const url = new URL(request.url ?? '/', 'http://lake')
  if (request.method === 'GET' && url.pathname === '/ping') return Buffer.from('Ok.\n')
  if (!carriesSecret(request, options.secret)) throw new Refusal(516, 'Authentication failed', 'AUTHENTICATION_FAILED')
  if (request.method !== 'POST' || url.pathname !== '/')
    throw new Refusal(0, `${request.method} ${url.pathname} is not served`, 'NOT_IMPLEMENTED')
  const body = await buffer(request)
  const parameters = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value)
    else if (!KNOWN.has(name))
      throw new Refusal(115, `Setting ${name} is not taken here: write it into the statement`, 'UNKNOWN_SETTING')
  }
  const query = url.searchParams.get('query')
  return query === null
    ? statement(options, body.toString('utf8'), parameters, url, left)
    : insert(options, query, body, parameters)
}

const KILL_AGAIN_MS = 100
let statements = 0

async function statement(
  { readers, writers, control, merges }: HttpFaceOptions,
  sql: string,
  parameters: ReadonlyMap<string, string>,
  url: URL,
  left: AbortSignal,
): Promise<Uint8Array> {
  const bound = bindParameters(sql, parameters)
  const format = url.searchParams.get('default_format') ?? 'TabSeparated'
  if (isInsert(sql)) {
    await merges.inserting()
    return writers.use(async (session) => (await session.queryAsync(bound, { format })).bytes())
  }
  if (needsMerges(sql)) await merges.letGo()
  return readers.use(async (session) => {
    if (left.aborted) throw new Refusal(394, 'Query was cancelled', 'QUERY_WAS_CANCELLED')
    statements += 1
    const mark = `/* statement ${statements} */`
    const stopKilling = killWhen(left, control, mark)
    try {
      return (await session.queryAsync(`${mark} ${bound}`, { format })).bytes()
    } finally {
      stopKilling()
    }
  })
}

/** A statement that has only just begun may not be known to the engine yet: it is told again until the statement is over. */
function killWhen(left: AbortSignal, control: SessionPool, mark: string): () => void {
  let timer: NodeJS.Timeout | undefined
  const kill = (): void => {
    timer = setTimeout(kill, KILL_AGAIN_MS)
    void control
      .use((session) => session.queryAsync(`KILL QUERY WHERE startsWith(query, '${mark}') ASYNC`, { format: 'Null' }))
      .catch(() => {})
  }
  left.addEventListener('abort', kill, { once: true })
  return () => {
    left.removeEventListener('abort', kill)
    clearTimeout(timer)
  }
}

async function insert(
  { writers, spool, merges }: HttpFaceOptions,
  sql: string,
  body: Buffer,
  parameters: ReadonlyMap<string, string>,
): Promise<Uint8Array> {
  const path = join(spool, `${randomUUID()}.data`)
  const read = insertFromFile(sql, path)
  if (read === undefined)
    throw new Refusal(62, 'Only INSERT INTO t (…) SELECT … FROM input(…) FORMAT f takes data here', 'SYNTAX_ERROR')
  await mkdir(spool, { recursive: true, mode: 0o700 })
  await merges.inserting()
  try {
    await writeFile(path, body, { mode: 0o600 })
    await writers.use((session) => session.queryAsync(bindParameters(read, parameters)))
  } finally {
    await rm(path, { force: true })
  }
  return Buffer.alloc(0)
}

function carriesSecret(request: IncomingMessage, secret: string): boolean {
  const expected = Buffer.from(`Basic ${Buffer.from(`default:${secret}`).toString('base64')}`)
  const given = Buffer.from(request.headers.authorization ?? '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

class Refusal extends Error {
  constructor(code: number, message: string, name: string) {
    super(`Code: ${code}. DB::Exception: ${message}. (${name})`)
  }
}

/** As ClickHouse does: status 500, the exception's text as the body, its number in a header. */
function fail(response: ServerResponse, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  const exception = text.slice(Math.max(0, text.indexOf('Code: ')))
  const code = /^Code: (\d+)\./.exec(exception)?.[1] ?? '1002'
  const body = Buffer.from(
    /^Code: \d+\./.test(exception) ? exception : `Code: 1002. DB::Exception: ${exception} (UNKNOWN_EXCEPTION)`,
  )
  response.writeHead(500, {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-exception-code': code,
    'content-length': body.length,
  })
  response.end(body)
}
