import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { flag, jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { guardOf } from './guards.ts'
import { type Indicator, indicatorOf } from './indicator.ts'
import {
  changeRef,
  countIndicators,
  deleteList,
  deleteValues,
  type IocDb,
  insertList,
  knownIn,
  listById,
  listByName,
  markChanged,
  refsOf,
  upsertIndicators,
  valuesOf,
} from './queries.ts'
import type { Reading } from './read/reading.ts'
import type { Added, NewIocList, SkippedView, SkippedWhy } from './schema.ts'
import type { IocIndicatorsTable, IocListsTable } from './tables.ts'

const DAY_MS = 86_400_000
/** Of all lists together: the matcher holds them in memory (about 180 bytes each). */
export const MOST_INDICATORS = 1_000_000
const NAMED = 20

export interface Who {
  readonly id: string
  readonly name: string
}

export function iocSecretContext(id: string): string {
  return `detect_ioc_lists:${id}`
}

export const NOTHING_SKIPPED: SkippedView = { counts: {}, first: [] }

/** @throws KanpekiError `conflict` where a list of the scope has the name. */
export async function createList(
  db: IocDb,
  asked: NewIocList,
  scope: string,
  sealer: Pick<Sealer, 'seal'> | undefined,
  by: Who,
  now: number,
): Promise<IocListsTable> {
  if ((await listByName(db, asked.name)) !== undefined)
    throw new KanpekiError('conflict', `There is a list '${asked.name}' already.`)
  const id = randomUUID()
  const row: IocListsTable = {
    id,
    scope,
    name: asked.name,
    kind: asked.kind,
    url: asked.url,
    user: asked.user,
    secret: asked.secret === null || sealer === undefined ? null : sealer.seal(asked.secret, iocSecretContext(id)),
    confidence: asked.confidence,
    days: asked.days,
    every: asked.everyMinutes * 60_000,
    guarded: flag(asked.guarded),
    cursor: null,
    created: now,
    changed: now,
    tried: null,
    fetched: null,
    error: null,
    skipped: jsonText(NOTHING_SKIPPED),
  }
  await insertList(db, row)
  await tell(db, row, 'ioc-list.create', by, now, { kind: row.kind, ...(row.url === null ? {} : { url: row.url }) })
  return row
}

/** @throws KanpekiError `not_found`. */
export async function removeList(db: IocDb, id: string, by: Who, now: number): Promise<void> {
  const row = await knownList(db, id)
  await deleteList(db, id)
  await tell(db, row, 'ioc-list.remove', by, now, {})
}

/** @throws KanpekiError `not_found`. */
export async function knownList(db: IocDb, id: string): Promise<IocListsTable> {
  const row = await listById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such list of indicators.')
  return row
}

export interface TakeOptions {
  readonly confidence?: number | undefined
  readonly days?: number | undefined
  readonly by: Who
  readonly now: number
}

/**
 * Takes a reading into a list: known ones are brought up to date, new ones wait for the search through what is stored. What guards
 * leave out, has ended or is too much is counted and named. One ledger entry says how many came and went.
 */
export async function takeReading(
  db: IocDb,
  list: IocListsTable,
  reading: Pick<Reading, 'indicators' | 'skipped'>,
  options: TakeOptions,
): Promise<Added> {
  const { now, by } = options
  const skipped = new SkippedCounter()
  for (const { place, reason } of reading.skipped) skipped.add('unreadable', place, reason)
  const wanted = new Map<string, IocIndicatorsTable>()
  const ended = new Map<string, IocIndicatorsTable>()
  for (const indicator of reading.indicators) {
    const row = rowOf(list, indicator, options)
    const why = list.guarded === 1 ? guardOf(indicator) : undefined
    if (why !== undefined) skipped.add(why, indicator.value, GUARD_WORDS[why])
    else {
      const key = `${row.kind} ${row.value}`
      const rows = row.until !== null && row.until <= now ? ended : wanted
      const before = rows.get(key)
      rows.set(key, before === undefined ? row : { ...row, ref: joinedRefs(before.ref, row.ref) })
    }
  }
  const values = new Set([...wanted.values(), ...ended.values()].map(({ value }) => value))
  const known = new Map((await knownIn(db, list.id, [...values])).map((row) => [`${row.kind} ${row.value}`, row]))
  for (const [key, row] of ended) {
    const old = known.get(key)
    // What the list holds from the same sender is told its end; nothing else begins that is over.
    if (old !== undefined && old.ref === row.ref && !wanted.has(key)) wanted.set(key, row)
    else skipped.add('expired', row.value, 'it has ended')
  }
  const fresh = [...wanted].flatMap(([key, row]) => (known.has(key) ? [] : [row]))
  const changed = [...wanted].flatMap(([key, said]) => {
    const old = known.get(key)
    const row = old === undefined ? said : { ...said, ref: joinedRefs(old.ref, said.ref) }
    const same =
      old === undefined ||
      (old.confidence === row.confidence && old.until === row.until && old.note === row.note && old.ref === row.ref)
    return same ? [] : [row]
  })
  const room = Math.max(0, MOST_INDICATORS - (await countIndicators(db)))
  for (const row of fresh.slice(room))
    skipped.add('too-many', row.value, `more than ${MOST_INDICATORS} indicators in all lists together`)
  const taken = fresh.slice(0, room)
  await upsertIndicators(db, [...taken, ...changed])
  const view = skipped.view()
  const isChanged = taken.length + changed.length > 0
  if (isChanged) await markChanged(db, list.id, now)
  if (isChanged) await tell(db, list, 'ioc-list.update', by, now, { added: taken.length, changed: changed.length, removed: 0 })
  return { added: taken.length, changed: changed.length, skipped: view }
}

/** Takes out what a list held and its source does not hold any more. @returns how many. */
export async function removeMissing(
  db: IocDb,
  list: IocListsTable,
  still: ReadonlySet<string>,
  by: Who,
  now: number,
): Promise<number> {
  const gone = (await valuesOf(db, list.id)).filter((value) => !still.has(value))
  return await removeIndicators(db, list, gone, by, now)
}

/**
 * Takes out what a reading withdraws, and what its sender said under an id before and does not say under it any more. What is said under
 * another id as well stays. @returns how many.
 */
export async function removeRevised(db: IocDb, list: IocListsTable, reading: Reading, by: Who, now: number): Promise<number> {
  const asked = new Set([...(reading.withdrawn ?? []), ...(reading.revised ?? [])])
  if (asked.size === 0) return 0
  const said = new Set<string>()
  for (const { kind, value, ref } of reading.indicators) said.add(`${kind} ${value}`).add(`${kind} ${value} ${ref}`)
  const gone: string[] = []
  for (const { kind, value, ref } of await refsOf(db, list.id)) {
    const refs = refsIn(ref)
    const left = refs.filter((one) => !asked.has(one) || said.has(`${kind} ${value} ${one}`))
    if (left.length === refs.length) continue
    if (left.length > 0) await changeRef(db, { list_id: list.id, kind, value, ref: left.join(' ') })
    else if (!said.has(`${kind} ${value}`)) gone.push(value)
    // Said under another id from now on, which takes its place.
    else await changeRef(db, { list_id: list.id, kind, value, ref: null })
  }
  return await removeIndicators(db, list, gone, by, now)
}

/** Takes single indicators out of a list, in whatever form they are written. */
export async function removeIndicators(
  db: IocDb,
  list: IocListsTable,
  written: readonly string[],
  by: Who,
  now: number,
): Promise<number> {
  const removed = await deleteValues(
    db,
    list.id,
    written.map((text) => indicatorOf(text)?.value ?? text),
  )
  if (removed === 0) return 0
  await markChanged(db, list.id, now)
  await tell(db, list, 'ioc-list.update', by, now, { added: 0, changed: 0, removed })
  return removed
}

export function skippedOf(row: Pick<IocListsTable, 'skipped'>): SkippedView {
  return readJson<SkippedView>(row.skipped)
}

function rowOf(
  list: IocListsTable,
  indicator: Indicator,
  { confidence, days = list.days ?? undefined, now }: TakeOptions,
): IocIndicatorsTable {
  const { kind, value, note = '', ref = null } = indicator
  return {
    list_id: list.id,
    scope: list.scope,
    kind,
    value,
    confidence: Math.round(confidence ?? indicator.confidence ?? list.confidence),
    until: indicator.until ?? (days === undefined ? null : now + days * DAY_MS),
    note: note.slice(0, 500),
    // Ids stand with spaces between them.
    ref: ref !== null && /\s/.test(ref) ? null : ref,
    added: now,
    past: 0,
  }
}

const MOST_REFS = 50

/** Ids under which a value is said: several may say the same. */
const refsIn = (ref: string | null): readonly string[] => (ref === null ? [] : ref.split(' '))

/** What somebody says without an id stays whoever else withdraws it. */
function joinedRefs(before: string | null, now: string | null): string | null {
  if (now === null || before === null) return now
  return [...new Set([...refsIn(before), ...refsIn(now)])].slice(-MOST_REFS).join(' ')
}

const GUARD_WORDS: Readonly<Record<Exclude<SkippedWhy, 'unreadable' | 'expired' | 'too-many'>, string>> = {
  'private-address': "a private or special address: everybody's own network",
  'wide-network': 'a network too wide to mean anybody',
  'popular-domain': 'a domain that everybody uses',
  'empty-file': 'the hash of an empty file',
}

class SkippedCounter {
  readonly #counts: Partial<Record<SkippedWhy, number>> = {}
  readonly #first: SkippedView['first'] = []

  add(why: SkippedWhy, place: string, reason: string): void {
    this.#counts[why] = (this.#counts[why] ?? 0) + 1
    if (this.#first.length < NAMED) this.#first.push({ place: place.slice(0, 200), why, reason: reason.slice(0, 300) })
  }

  view(): SkippedView {
    return { counts: this.#counts, first: this.#first }
  }
}

async function tell(db: IocDb, list: IocListsTable, action: string, by: Who, now: number, more: JsonObject): Promise<void> {
  const body: JsonObject = { action, by: { id: by.id, name: by.name }, list: list.id, name: list.name, ...more }
  const evidence: Evidence = { type: 'admin', scope: list.scope, observed: now, received: now, body }
  await recordEvidence(db, [evidence], { now: () => now })
}
