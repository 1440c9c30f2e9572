import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { isJsonObject, type JsonValue } from '../../kernel/json.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { readPostgres } from '../../platform/outgoing/read-postgres.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import { allSeries, noteAsked } from './queries.ts'
import { giveSample } from './sample.ts'
import type { Asked, Pull } from './schema.ts'
import type { SeriesTable, SeriesTables } from './tables.ts'

export interface PullDeps {
  readonly state: State
  readonly clock: Clock
  readonly outgoing: Outgoing
  readonly sealer: Sealer
}

const TIMEOUT_MS = 15_000
const LONGEST_REPLY = 4 * 1024 * 1024

/** What a series' secret is sealed for. */
export function seriesSecretContext(scope: string, id: string): string {
  return `declare_series:${scope}:${id}`
}

/**
 * Asks every series that is due. One that fails keeps its fault, and its newest sample grows old: what a card says of that
 * is the card's. Never throws for what a series does.
 */
export async function pullDue(deps: PullDeps): Promise<void> {
  const rows = await allSeries(deps.state.tables<SeriesTables>())
  await Promise.all(rows.filter((row) => isDue(row, deps.clock.now())).map((row) => pullOne(deps, row)))
}

function isDue({ pull, asked_at }: SeriesTable, now: number): boolean {
  if (pull === null) return false
  const { kind, every } = readJson<Pull>(pull)
  return kind !== 'otlp' && (asked_at === null || now - asked_at >= every * 1000)
}

async function pullOne(deps: PullDeps, row: SeriesTable): Promise<void> {
  const { state, clock, sealer } = deps
  const { scope, id, secret } = row
  const asked_at = clock.now()
  try {
    const spec = readJson<Asked>(row.pull!)
    const opened = secret === null ? undefined : sealer.open(secret, seriesSecretContext(scope, id)).toString('utf8')
    const value = await ask(spec, opened, deps.outgoing)
    await state.transaction<SeriesTables, void>(async (trx) => {
      await giveSample(
        trx,
        { scope, series: id, by: `${spec.kind} ${placeOf(spec)}`, sample: { value, good: 0, bad: 0, unknown: 0, detail: {} } },
        clock,
      )
      await noteAsked(trx, scope, id, { asked_at, failing_since: null, fault: null })
    })
  } catch (error) {
    const fault = { asked_at, failing_since: row.failing_since ?? asked_at, fault: messageOf(error).slice(0, 500) }
    await noteAsked(state.tables<SeriesTables>(), scope, id, fault)
  }
}

/** Where it is asked, without anything that could be secret. */
function placeOf({ url }: Asked): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

/** @throws KanpekiError `outgoing_…`, `pull_failed` saying what was there instead of a number. */
export async function ask(spec: Asked, secret: string | undefined, outgoing: Outgoing): Promise<number> {
  switch (spec.kind) {
    case 'http':
      return numberAt(await getJson(spec.url, secret, outgoing), spec.pointer)
    case 'prometheus': {
      const url = new URL(`${spec.url.replace(/\/$/, '')}/api/v1/query`)
      url.searchParams.set('query', spec.query)
      return fromPrometheus(await getJson(url.href, secret, outgoing))
    }
    case 'sql':
      return await select(spec, secret, outgoing)
  }
}

async function getJson(url: string, secret: string | undefined, outgoing: Outgoing): Promise<JsonValue> {
  const reply = await outgoing.fetch(url, {
    headers: { accept: 'application/json', ...(secret === undefined ? {} : { authorization: secret }) },
    timeoutMs: TIMEOUT_MS,
    maxBytes: LONGEST_REPLY,
  })
  const text = await reply.text()
  if (!reply.ok) throw failed(`it answered ${reply.status}`)
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw failed('the reply is no JSON')
  }
}

/** The number that a JSON pointer leads to (RFC 6901); a text that is one counts. */
export function numberAt(document: JsonValue, pointer: string): number {
  let here: JsonValue | undefined = document
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(here)) here = /^(0|[1-9]\d*)$/.test(key) ? here[Number(key)] : undefined
    else here = isJsonObject(here) && Object.hasOwn(here, key) ? here[key] : undefined
  }
  return asNumber(here, pointer === '' ? 'the reply' : `${pointer} of the reply`)
}

/** An instant query's result: a scalar, or a vector of one (https://prometheus.io/docs/prometheus/latest/querying/api/). */
function fromPrometheus(reply: JsonValue): number {
  const data = isJsonObject(reply) ? reply['data'] : undefined
  const result = isJsonObject(data) ? data['result'] : undefined
  if (!isJsonObject(data) || !Array.isArray(result)) throw failed('the reply is not one of Prometheus')
  if (data['resultType'] === 'scalar') return asNumber(result[1], 'the result')
  if (result.length !== 1) throw failed(`the query gives ${result.length} series, and one is needed`)
  return numberAt(reply, '/data/result/0/value/1')
}

async function select(
  { url, query }: Extract<Asked, { kind: 'sql' }>,
  password: string | undefined,
  outgoing: Outgoing,
): Promise<number> {
  const rows = await readPostgres({ url, password, query, timeoutMs: TIMEOUT_MS }, outgoing)
  if (rows.length !== 1) throw failed(`the query gives ${rows.length} rows, and one is needed`)
  return asNumber(rows[0]![0] as JsonValue, 'its first column')
}

function asNumber(value: JsonValue | undefined, what: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  throw failed(value === undefined ? `${what} is not there` : `${what} is no number but ${JSON.stringify(value).slice(0, 60)}`)
}

function failed(reason: string): KanpekiError {
  return new KanpekiError('pull_failed', `The figure could not be had: ${reason}.`)
}
