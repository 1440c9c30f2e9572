import { createHash } from 'node:crypto'
import { createWriteStream, statSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { ArtefactDetail, ArtefactsPage, ArtefactView } from '../prove/custody/schema.ts'
import { EXIT, guarded, readOptions, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { callApi } from './remote.ts'
import { open, type ServerRef, send } from './request.ts'
import { serverOf, tokenOf } from './server-of.ts'
import { plainLines } from './terminal-text.ts'

const USAGE = `Usage: kanpeki artefacts add FILE… --source WHERE [--kind file|capture|screenshot|report] [--observed T] [--note WORDS]
                             [--alert ID] [--keep-until T] [--valid-until T]
       kanpeki artefacts list [--kind KIND] [--alert ID]
       kanpeki artefacts show ID
       kanpeki artefacts get  ID -o FILE
       kanpeki artefacts hand ID --to WHOM --reason WORDS
                             [--json] [--scope NAME] [--data DIR | --url URL --token TOKEN [--ca FILE]]

Keeps files as evidence: by their SHA-256, with who brought them, where they were taken and when. Every taking and handing over
becomes an entry of the ledger. The server must run. Times are RFC 3339.`

const OPTIONS = {
  ...SERVER_OPTIONS,
  scope: { type: 'string' },
  source: { type: 'string' },
  kind: { type: 'string' },
  observed: { type: 'string' },
  note: { type: 'string' },
  alert: { type: 'string' },
  'keep-until': { type: 'string' },
  'valid-until': { type: 'string' },
  output: { type: 'string', short: 'o' },
  to: { type: 'string' },
  reason: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

interface Server {
  readonly at: ServerRef
  readonly token: () => Promise<string>
  readonly scope: string | undefined
}

type Values = { readonly [name: string]: string | boolean | undefined }

export function artefactsCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions({ args: [...args], allowPositionals: true, options: OPTIONS }, USAGE)
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      return EXIT.ok
    }
    const [action, ...rest] = positionals
    const work = action !== undefined && Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    if (work === undefined) throw usage('Say what to do.')
    if (action !== 'add') takesAtMost(action === 'list' ? 0 : 1, rest, USAGE)
    await work(await namedIn(values), rest, values)
    return EXIT.ok
  })
}

const ACTIONS: Readonly<Record<string, (server: Server, rest: readonly string[], values: Values) => Promise<void>>> = {
  add,
  list,
  show,
  get,
  hand,
}

async function add(server: Server, files: readonly string[], values: Values): Promise<void> {
  if (files.length === 0) throw usage('Give the files.')
  if (values['source'] === undefined) throw usage('Say with --source where they were taken.')
  for (const file of files) {
    const bytes = await readFile(file).catch((error: unknown) => {
      throw new KanpekiError('usage', `${file} cannot be read: ${messageOf(error)}.`)
    })
    const query = queryOf({
      name: basename(file),
      source: values['source'],
      kind: values['kind'],
      observed: values['observed'],
      note: values['note'],
      alert: values['alert'],
      keepUntil: values['keep-until'],
      validUntil: values['valid-until'],
    })
    const headers = { ...(await headersOf(server)), 'content-type': 'application/octet-stream' }
    const { status, text } = await send(server.at, `/api/v1/artefacts?${query}`, { method: 'POST', headers, body: bytes })
    if (status !== 200) throw refused(status, text)
    const kept = JSON.parse(text) as ArtefactView
    if (kept.sha256 !== createHash('sha256').update(bytes).digest('hex'))
      throw new KanpekiError('artefact_damaged', `What arrived of ${file} is not what was sent.`)
    say(values, kept, line(kept))
  }
}

async function list(server: Server, _: readonly string[], values: Values): Promise<void> {
  let cursor: string | null = null
  do {
    const query = queryOf({ kind: values['kind'], alert: values['alert'], ...(cursor === null ? {} : { cursor }) })
    const page: ArtefactsPage = await callApi(
      server.at,
      await server.token(),
      'GET',
      `/api/v1/artefacts?${query}`,
      undefined,
      server.scope,
    )
    for (const item of page.items) say(values, item, line(item))
    cursor = page.next
  } while (cursor !== null)
}

async function show(server: Server, [id]: readonly string[], values: Values): Promise<void> {
  const path = `/api/v1/artefacts/${encodeURIComponent(needed(id))}`
  const detail = await callApi<ArtefactDetail>(server.at, await server.token(), 'GET', path, undefined, server.scope)
  const chain = detail.chain.map(({ index, logged, body }) => {
    const by = body['by'] as { readonly name?: string } | undefined
    return `  ${logged}  #${index}  ${String(body['action'])}  ${by?.name ?? ''}${body['to'] === undefined ? '' : ` -> ${String(body['to'])}`}`
  })
  say(values, detail, [line(detail), ...chain].join('\n'))
}

async function get(server: Server, [id]: readonly string[], values: Values): Promise<void> {
  const output = values['output']
  if (typeof output !== 'string') throw usage('Say with -o where to put it.')
  const path = `/api/v1/artefacts/${encodeURIComponent(needed(id))}`
  const { sha256 } = await callApi<ArtefactDetail>(server.at, await server.token(), 'GET', path, undefined, server.scope)
  const reply = await open(server.at, `${path}/content`, { method: 'GET', headers: await headersOf(server) })
  if (reply.statusCode !== 200) {
    const parts: Buffer[] = []
    for await (const part of reply) parts.push(part as Buffer)
    throw refused(reply.statusCode ?? 0, Buffer.concat(parts).toString('utf8'))
  }
  await download(reply, output, sha256)
  say(values, { sha256, output }, `${sha256}  ${output}`)
}

/** Beside its name until it is whole: what stands there stays where the download breaks off. */
async function download(reply: AsyncIterable<Buffer>, output: string, sha256: string): Promise<void> {
  // A device or a pipe takes what comes.
  const isPlace = statSync(output, { throwIfNoEntry: false })?.isFile() !== false
  const half = isPlace ? `${output}.part` : output
  const hash = createHash('sha256')
  try {
    await pipeline(
      reply,
      async function* (source: AsyncIterable<Buffer>) {
        for await (const part of source) {
          hash.update(part)
          yield part
        }
      },
      createWriteStream(half, { mode: 0o600 }),
    )
    if (hash.digest('hex') !== sha256)
      throw new KanpekiError('artefact_damaged', 'What came is not what the record says; it was not kept.')
    if (isPlace) await rename(half, output)
  } catch (error) {
    if (isPlace) await rm(half, { force: true })
    if (error instanceof KanpekiError) throw error
    throw new KanpekiError('artefact_incomplete', `It broke off: ${messageOf(error)}.`, {
      place: { file: output },
      remedy: 'Nothing was kept. Run it again.',
      cause: error,
    })
  }
}

async function hand(server: Server, [id]: readonly string[], values: Values): Promise<void> {
  const { to, reason } = values
  if (to === undefined || reason === undefined) throw usage('Say with --to and --reason to whom, and what for.')
  const path = `/api/v1/artefacts/${encodeURIComponent(needed(id))}/transfers`
  const row = await callApi<ArtefactView>(server.at, await server.token(), 'POST', path, { to, reason }, server.scope)
  say(values, row, line(row))
}

async function namedIn(values: Values): Promise<Server> {
  const { scope, url, ca, data = '', token } = values as { readonly [name: string]: string | undefined }
  const at = await serverOf({ data, url, ca, token }, 'admin', 'command line')
  const given = at.token
  if (given === undefined) throw usage('A server wants a token: give --token TOKEN or set KANPEKI_TOKEN.')
  return { at, token: async () => (await tokenOf(at)) ?? given, scope }
}

async function headersOf({ token, scope }: Server): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await token()}`, ...(scope === undefined ? {} : { 'x-kanpeki-scope': scope }) }
}

function queryOf(values: Values): string {
  return new URLSearchParams(
    Object.entries(values).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as [string, string]] : [])),
  ).toString()
}

function say(values: Values, value: object, text: string): void {
  process.stdout.write(values['json'] === true ? `${JSON.stringify(value)}\n` : `${plainLines(text)}\n`)
}

function line({ id, sha256, bytes, kind, name, source, received, scan, removed }: ArtefactView): string {
  const found = 'rules' in scan && scan.rules.length > 0 ? `  YARA: ${scan.rules.join(', ')}` : ''
  return `${id}  ${received}  ${kind}  ${bytes}  ${sha256}  ${name}  (${source})${found}${removed === null ? '' : '  removed'}`
}

function needed(id: string | undefined): string {
  if (id === undefined) throw usage('Give the id of an artefact.')
  return id
}

function refused(status: number, text: string): KanpekiError {
  try {
    const { code, detail } = JSON.parse(text) as { readonly code: string; readonly detail?: string }
    return new KanpekiError(code, detail ?? `The server answered ${status}.`)
  } catch {
    return new KanpekiError('refused', `The server answered ${status}.`)
  }
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
