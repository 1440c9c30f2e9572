import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { canonicalJson, type JsonObject } from '../../kernel/json.ts'
import type { Unit } from '../../kernel/measure.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { insertSample, sampleAt, seriesById } from './queries.ts'
import type { SampleBody } from './schema.ts'
import type { SeriesTables } from './tables.ts'

/** A clock of another machine may be ahead by this much. */
const MOST_AHEAD_MS = 5 * 60_000
/** What is older says nothing that a card could still ask for. */
const OLDEST_MS = 400 * 86_400_000
const DETAIL_CHARS = 8192

export interface GivenSample {
  readonly at: number
  readonly value: number
  /** False where the very same sample was there already. */
  readonly stored: boolean
}

/**
 * Keeps one sample and records it as evidence, in the caller's transaction. Given a second time it changes nothing.
 * @throws KanpekiError `not_found`, `sample_invalid`, `sample_differs` for another figure of the same moment.
 */
export async function giveSample(
  trx: Kysely<SeriesTables>,
  given: { readonly scope: string; readonly series: string; readonly by: string; readonly sample: SampleBody },
  clock: Clock,
): Promise<GivenSample> {
  const { scope, series, by, sample } = given
  const row = await seriesById(trx, scope, series)
  if (row === undefined)
    throw new KanpekiError('not_found', `There is no series ${series}.`, { remedy: 'Make it first: PUT /api/v1/series/ID.' })
  const now = clock.now()
  const at = sample.at === undefined ? now : Date.parse(sample.at)
  if (at > now + MOST_AHEAD_MS || at < now - OLDEST_MS)
    throw invalid(`The time ${sample.at} is ${at > now ? 'to come' : 'too long ago'}.`)
  if (canonicalJson(sample.detail).length > DETAIL_CHARS)
    throw invalid(`The detail is longer than ${DETAIL_CHARS} characters; record a hash of what is large.`)
  const value = figureOf(sample, row.unit)
  const before = await sampleAt(trx, scope, series, at)
  const { good, bad, unknown } = sample
  if (before !== undefined) {
    if (before.value === value && before.good === good && before.bad === bad && before.unknown === unknown)
      return { at, value, stored: false }
    throw new KanpekiError('sample_differs', `The series ${series} has another figure for ${new Date(at).toISOString()}.`, {
      remedy: 'What was recorded stays. Give the corrected figure with the time at which it became known.',
    })
  }
  const time = new Date(at).toISOString()
  const body: JsonObject = { measure: series, unit: row.unit, value, good, bad, unknown, at: time, by, detail: sample.detail }
  const outbox = await recordEvidence(trx, [{ type: 'measure', scope, observed: at, received: now, body }], clock)
  await insertSample(trx, { scope, series, at, received: now, value, good, bad, unknown, by_name: by, outbox })
  return { at, value, stored: true }
}

function figureOf({ value, good, bad, unknown }: SampleBody, unit: Unit): number {
  const figure = value ?? (unit === 'percent' ? (100 * good) / (good + bad + unknown) : undefined)
  if (figure === undefined || !Number.isFinite(figure))
    throw invalid('Items alone make a figure only where the unit is percent: give the value.')
  if (unit === 'percent' && (figure < 0 || figure > 100)) throw invalid(`${figure} % cannot be.`)
  if (unit !== 'percent' && figure < 0) throw invalid(`${figure} ${unit} cannot be.`)
  return figure
}

function invalid(message: string): KanpekiError {
  return new KanpekiError('sample_invalid', message, { remedy: 'Correct it and send it again; nothing was stored.' })
}
