import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import type { ProveArtefactRow, ProveTables } from '../tables.ts'
import { type Actor, deed, rowOf, saidOf, textOf, timeOf } from './artefact-row.ts'
import type { Contents, Received } from './contents.ts'
import {
  artefactById,
  bytesKept,
  changeArtefact,
  contentNames,
  contentOf,
  deleteContent,
  insertArtefact,
  insertContent,
  isKept,
  overdue,
} from './queries.ts'
import type { ArtefactScan, ChangedArtefact, NewArtefact } from './schema.ts'

type Tables = ProveTables & StateTables

export interface CustodyDeps {
  readonly state: State
  readonly contents: Contents
  readonly clock: Clock
  readonly sealer: Sealer
  /** Bytes on the disk at most, and of one artefact. */
  readonly quota: number
  readonly most: number
  /** Names of the YARA rules that match; undefined where there are none. */
  readonly scan?: ((data: Uint8Array) => Promise<readonly string[] | undefined>) | undefined
  /** Something was recorded. */
  readonly changed: () => void
}

/** Keeps artefacts, and a record in the ledger of everything that is done with them. */
export interface Custody {
  readonly quota: number
  readonly most: number
  used(): Promise<number>
  /** @throws KanpekiError `too_large` beyond the quota or the limit. */
  add(actor: Actor, about: NewArtefact, source: AsyncIterable<Uint8Array>): Promise<ProveArtefactRow>
  /** The content, after the ledger was told who takes it. @throws KanpekiError `not_found`, `gone`, `artefact_damaged`. */
  take(actor: Actor, id: string): Promise<{ readonly row: ProveArtefactRow; readonly content: AsyncIterable<Uint8Array> }>
  transfer(actor: Actor, id: string, to: string, reason: string): Promise<ProveArtefactRow>
  /** @throws KanpekiError `conflict` where it is held already, or is not. */
  hold(actor: Actor, id: string, reason: string): Promise<ProveArtefactRow>
  release(actor: Actor, id: string, reason: string): Promise<ProveArtefactRow>
  change(actor: Actor, id: string, to: ChangedArtefact): Promise<ProveArtefactRow>
  /** @throws KanpekiError `conflict` for one that is held. */
  remove(actor: Actor, id: string, reason: string): Promise<ProveArtefactRow>
  /** Removes those whose time is over; returns how many. */
  sweep(): Promise<number>
}

/** Longer ones are not looked into by YARA. */
const MOST_SCANNED = 32 * 1024 * 1024
const MOST_A_SWEEP = 100
const KEEPER = { id: 'kanpeki', name: 'Kanpeki' }

/** Names the one place where a file's key belongs. */
export function contentContext(sha256: string): string {
  return `prove_contents:${sha256}`
}

export async function openCustody(deps: CustodyDeps): Promise<Custody> {
  const { state, contents, clock, sealer, quota, most } = deps
  const db = state.tables<Tables>()
  // Of what a crash left between the disk and the state store.
  const known = await contentNames(db)
  for (const name of await contents.list()) if (!known.has(name)) await contents.remove(name)
  let queue: Promise<unknown> = Promise.resolve()
  /** One at a time: two who bring or remove the same content must not meet. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work)
    queue = done.catch(() => undefined)
    return done
  }

  const existing = async (actor: Actor, id: string): Promise<ProveArtefactRow> => {
    const row = await artefactById(db, actor.scope, id)
    if (row === undefined) throw new KanpekiError('not_found', `There is no artefact ${id}.`)
    if (row.removed_at !== null) throw new KanpekiError('gone', `The artefact was removed: ${row.removed_for ?? ''}`)
    return row
  }
  /** Changes a row and tells the ledger, together. */
  const act = async (
    actor: Actor,
    id: string,
    action: string,
    decide: (row: ProveArtefactRow, now: number) => { readonly change?: Partial<ProveArtefactRow>; readonly more: JsonObject },
  ): Promise<ProveArtefactRow> =>
    alone(async () => {
      const row = await existing(actor, id)
      const now = clock.now()
      const { change, more } = decide(row, now)
      await state.transaction<Tables, void>(async (trx) => {
        if (change !== undefined) await changeArtefact(trx, id, change)
        await recordEvidence(trx, [deed(actor, row, action, now, more)], clock)
      })
      deps.changed()
      return { ...row, ...change }
    })

  const removeOne = async (actor: Actor, row: ProveArtefactRow, reason: string): Promise<ProveArtefactRow> => {
    const now = clock.now()
    const change = { removed_at: now, removed_for: reason }
    let last = false
    await state.transaction<Tables, void>(async (trx) => {
      await changeArtefact(trx, row.id, change)
      last = !(await isKept(trx, row.sha256))
      if (last) await deleteContent(trx, row.sha256)
      await recordEvidence(trx, [deed(actor, row, 'artefact.remove', now, { reason })], clock)
    })
    if (last) await contents.remove(row.sha256)
    deps.changed()
    return { ...row, ...change }
  }

  /** The content's hashes and key in the store: those there are, or those of what came. */
  const keep = async (received: Received, now: number) => {
    const before = await contentOf(db, received.sha256)
    if (before !== undefined) {
      await received.discard()
      return { content: before, fresh: false }
    }
    if ((await bytesKept(db)) + received.bytes > quota) throw full(quota)
    await received.keep()
    const { sha256, bytes, stored, key } = received
    const sealed = key === undefined ? null : sealer.seal(key, contentContext(sha256))
    return { content: { sha256, scope: 'default', bytes, stored, sealed_key: sealed, at: now }, fresh: true }
  }

  return {
    quota,
    most,
    used: () => bytesKept(db),
    async add(actor, about, source) {
      const now = clock.now()
      const left = quota - (await bytesKept(db))
      if (left <= 0) throw full(quota)
      const received = await contents.receive(source, most, MOST_SCANNED)
      const scan = await scanned(deps, received)
      return await alone(async () => {
        try {
          const { content, fresh } = await keep(received, now)
          const row = rowOf(actor, about, content, scan, now)
          await state.transaction<Tables, void>(async (trx) => {
            if (fresh) await insertContent(trx, content)
            const { stored } = content
            row.outbox = await recordEvidence(
              trx,
              [deed(actor, row, 'artefact.add', now, saidOf(about, row, stored, scan))],
              clock,
            )
            await insertArtefact(trx, row)
          })
          deps.changed()
          return row
        } catch (error) {
          await received.discard()
          if ((await contentOf(db, received.sha256)) === undefined) await contents.remove(received.sha256)
          throw error
        }
      })
    },
    async take(actor, id) {
      const row = await existing(actor, id)
      const content = (await contentOf(db, row.sha256))!
      const key = content.sealed_key === null ? undefined : sealer.open(content.sealed_key, contentContext(row.sha256))
      const stream = await contents.read(row.sha256, content.stored, key)
      return { row: await act(actor, id, 'artefact.take', () => ({ more: {} })), content: stream }
    },
    transfer: (actor, id, to, reason) => act(actor, id, 'artefact.transfer', () => ({ more: { to, reason } })),
    hold: (actor, id, reason) =>
      act(actor, id, 'artefact.hold', (row, now) => {
        if (row.hold_at !== null) throw new KanpekiError('conflict', 'The artefact is held already.')
        return { change: { hold_at: now, hold_by: actor.name, hold_for: reason }, more: { reason } }
      }),
    release: (actor, id, reason) =>
      act(actor, id, 'artefact.release', (row) => {
        if (row.hold_at === null) throw new KanpekiError('conflict', 'Nobody holds the artefact.')
        return { change: { hold_at: null, hold_by: null, hold_for: null }, more: { reason } }
      }),
    change: (actor, id, { keepUntil, validUntil }) =>
      act(actor, id, 'artefact.change', (row) => ({
        change: {
          keep_until: keepUntil === undefined ? row.keep_until : timeOf(keepUntil),
          valid_until: validUntil === undefined ? row.valid_until : timeOf(validUntil),
        },
        more: {
          before: { keepUntil: textOf(row.keep_until), validUntil: textOf(row.valid_until) },
          after: {
            keepUntil: textOf(keepUntil === undefined ? row.keep_until : timeOf(keepUntil)),
            validUntil: textOf(validUntil === undefined ? row.valid_until : timeOf(validUntil)),
          },
        },
      })),
    remove: (actor, id, reason) =>
      alone(async () => {
        const row = await existing(actor, id)
        if (row.hold_at !== null) throw new KanpekiError('conflict', `The artefact is held: ${row.hold_for ?? ''}`)
        return removeOne(actor, row, reason)
      }),
    sweep: () =>
      alone(async () => {
        const rows = await overdue(db, clock.now(), MOST_A_SWEEP)
        for (const row of rows) await removeOne({ ...KEEPER, scope: row.scope }, row, 'its time is over')
        return rows.length
      }),
  }
}

async function scanned({ scan }: CustodyDeps, { bytes, head }: Received): Promise<ArtefactScan> {
  if (scan === undefined) return { unscanned: 'no-rules' }
  if (head === undefined || bytes > MOST_SCANNED) return { unscanned: 'too-large' }
  try {
    const rules = await scan(head)
    return rules === undefined ? { unscanned: 'no-rules' } : { rules: [...rules] }
  } catch {
    // A rule that does not get through must not keep evidence out; the entry says that nobody looked.
    return { unscanned: 'failed' }
  }
}

function full(quota: number): KanpekiError {
  return new KanpekiError('too_large', `The artefacts here may have ${quota} bytes together.`, {
    remedy: 'Remove some, or raise the setting artefacts-quota.',
  })
}
