import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { nativeSha256 } from '../batch-root.ts'
import type { ProveTables } from '../tables.ts'
import { equalBytes, fromBase64, textOf, toBase64 } from '../verify/bytes.ts'
import type { Checkpoint } from '../verify/checkpoint.ts'
import { verifyConsistency } from '../verify/merkle.ts'
import { checkNote, parseVerifierKey, type VerifierKey } from '../verify/note.ts'
import { readRotationNote } from '../verify/rotation.ts'
import { type AddCheckpoint, parseAddCheckpoint } from './request.ts'
import type { WitnessKey } from './witness-key.ts'

export interface WitnessDeps {
  readonly state: State
  readonly clock: Clock
  readonly key: WitnessKey
  /** The logs whose growth is watched, by their keys. */
  readonly logs: readonly VerifierKey[]
}

/** An HTTP answer of C2SP tlog-witness. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly body: string
  readonly type: 'text/plain; charset=utf-8' | 'text/x.tlog.size'
}

/** Cosigns checkpoints of other logs, each only as the continuation of the last one it cosigned. */
export interface Witness {
  readonly key: VerifierKey
  readonly logs: readonly VerifierKey[]
  addCheckpoint(body: Uint8Array): Promise<WitnessAnswer>
  /**
   * Follows a log to a new key. `body` is the note that announces it, signed by the key that is known and the new one. Each key
   * has one successor: who gets hold of an old one cannot lead the witness elsewhere. An addition of ours to tlog-witness.
   */
  followKey(body: Uint8Array): Promise<WitnessAnswer>
}

export function createWitness({ state, clock, key, logs }: WitnessDeps): Witness {
  const known = new Map(logs.map((log) => [log.name, log]))
  return {
    key: key.verifier,
    logs,
    async addCheckpoint(body) {
      const asked = parseAddCheckpoint(body)
      if (asked === undefined) return say(400, 'This is not the body of add-checkpoint (https://c2sp.org/tlog-witness).')
      const { checkpoint, old } = asked
      const log = known.get(checkpoint.origin)
      if (log === undefined) return say(404, `The log ${checkpoint.origin} is not watched here.`)
      const newest = await newestKey(state.tables<ProveTables>(), log)
      if ((await checkNote(checkpoint.note, newest)) !== undefined)
        return say(403, `No signature is by the key that is known for ${log.name}.`)
      if (old > checkpoint.size) return say(400, `The old size ${old} is beyond the checkpoint's ${checkpoint.size}.`)
      // One transaction at a time: what is read in it is still so when it is written.
      return await state.transaction<ProveTables, WitnessAnswer>(async (trx) => {
        const before = await lastCosigned(trx, log.name)
        const refused = refusalOf(asked, before)
        const now = clock.now()
        if (refused !== undefined) {
          if (refused.status === 422) await recordEvidence(trx, [contradiction(checkpoint, before, now)], clock)
          return refused
        }
        await keepCosigned(trx, checkpoint, now)
        return say(200, key.cosign(checkpoint.note.text, Math.floor(now / 1000)))
      })
    },
    async followKey(body) {
      const keys = await readRotationNote(textOf(body) ?? '')
      if (keys === undefined) return say(400, 'This is not a note about a change of keys, signed by both.')
      const { from, to } = keys
      const log = known.get(from.name)
      if (log === undefined) return say(404, `The log ${from.name} is not watched here.`)
      return await state.transaction<ProveTables, WitnessAnswer>(async (trx) => {
        if (await isAmongKeys(trx, log, to)) return say(200, 'This key is known.')
        const newest = await newestKey(trx, log)
        if (newest.text !== from.text) return say(403, `The key that is known for ${log.name} is not the one that this follows.`)
        const now = clock.now()
        await trx
          .insertInto('prove_watched_keys')
          .values({ former: from.text, origin: log.name, scope: DEFAULT_SCOPE, key: to.text, at: now })
          .execute()
        await recordEvidence(trx, [followed(from, to, now)], clock)
        return say(200, 'From now on checkpoints by this key are cosigned.')
      })
    },
  }
}

/** A key of a setting. @throws KanpekiError `config`. */
export function parseWatchedLog(text: string): VerifierKey {
  const key = parseVerifierKey(text.trim())
  if (key !== undefined) return key
  throw new KanpekiError('config', `${JSON.stringify(text)} in the setting witness-for is not the key of a ledger.`, {
    remedy: 'Take it from the other Kanpeki: GET /ledger/key.',
  })
}

/** The keys of a log from the one in the settings on, oldest first. */
async function keysOf(db: Kysely<ProveTables>, log: VerifierKey): Promise<readonly VerifierKey[]> {
  const rows = await db.selectFrom('prove_watched_keys').select(['former', 'key']).where('origin', '=', log.name).execute()
  const keys = [log]
  for (;;) {
    const next = parseVerifierKey(rows.find(({ former }) => former === keys.at(-1)!.text)?.key ?? '')
    if (next === undefined || keys.some(({ text }) => text === next.text)) return keys
    keys.push(next)
  }
}

async function newestKey(db: Kysely<ProveTables>, log: VerifierKey): Promise<VerifierKey> {
  return (await keysOf(db, log)).at(-1)!
}

async function isAmongKeys(db: Kysely<ProveTables>, log: VerifierKey, key: VerifierKey): Promise<boolean> {
  return (await keysOf(db, log)).some(({ text }) => text === key.text)
}

function followed(from: VerifierKey, to: VerifierKey, now: number) {
  const body = {
    action: 'witness.follow-key',
    by: { id: 'kanpeki', name: 'Kanpeki' },
    log: from.name,
    from: from.id,
    to: to.id,
  }
  return { type: 'admin' as const, scope: DEFAULT_SCOPE, observed: now, received: now, body }
}

interface Cosigned {
  readonly size: number
  readonly root: Uint8Array
}

/** Why this checkpoint does not follow from the last one; undefined if it does. */
function refusalOf({ old, proof, checkpoint }: AddCheckpoint, before: Cosigned | undefined): WitnessAnswer | undefined {
  const last = before?.size ?? 0
  if (old !== last) return { status: 409, body: `${last}\n`, type: 'text/x.tlog.size' }
  if (before === undefined || last === 0)
    return proof.length === 0 ? undefined : say(422, 'Nothing was cosigned before, so there is nothing to prove.')
  if (last === checkpoint.size && !equalBytes(before.root, checkpoint.root))
    return { status: 409, body: `${last}\n`, type: 'text/x.tlog.size' }
  return verifyConsistency(last, checkpoint.size, proof, before.root, checkpoint.root, nativeSha256)
    ? undefined
    : say(422, `The proof does not lead from the ${last} entries that were cosigned to the ${checkpoint.size} that are shown.`)
}

async function lastCosigned(db: Kysely<ProveTables>, origin: string): Promise<Cosigned | undefined> {
  const row = await db.selectFrom('prove_watched').select(['size', 'root']).where('origin', '=', origin).executeTakeFirst()
  return row === undefined ? undefined : { size: row.size, root: fromBase64(row.root)! }
}

async function keepCosigned(db: Kysely<ProveTables>, checkpoint: Checkpoint, now: number): Promise<void> {
  const { origin, size, text } = checkpoint
  const what = { size, root: toBase64(checkpoint.root), checkpoint: text, at: now }
  await db
    .insertInto('prove_watched')
    .values({ origin, scope: DEFAULT_SCOPE, ...what })
    .onConflict((conflict) => conflict.column('origin').doUpdateSet(what))
    .execute()
}

/** Signed by the log and no continuation: whoever holds both checkpoints can show that it has two histories. */
function contradiction(checkpoint: Checkpoint, before: Cosigned | undefined, now: number) {
  const body = {
    action: 'witness.contradiction',
    by: { id: 'kanpeki', name: 'Kanpeki' },
    log: checkpoint.origin,
    cosigned: before?.size ?? 0,
    checkpoint: checkpoint.text,
  }
  return { type: 'admin' as const, scope: DEFAULT_SCOPE, observed: now, received: now, body }
}

function say(status: WitnessAnswer['status'], text: string): WitnessAnswer {
  return { status, body: text.endsWith('\n') ? text : `${text}\n`, type: 'text/plain; charset=utf-8' }
}
