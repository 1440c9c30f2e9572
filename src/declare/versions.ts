import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Author, refuseOwnApproval } from '../kernel/duties.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import type { Caller } from '../platform/http/route.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import { diffCards, weakenedIn } from './diff.ts'
import { baseOf, loosening, requiredSignatures } from './four-eyes.ts'
import type { LoadedCard } from './load.ts'
import {
  allCards,
  type CardUpdate,
  cardById,
  type Db,
  deleteCard,
  insertCard,
  insertSignature,
  insertVersion,
  setInForce,
  signaturesOf,
  updateCard,
  versionOf,
} from './queries.ts'
import type { Card } from './schema.ts'
import type { CardsTable, DeclareTables, VersionsTable } from './tables.ts'

/** Who brings or signs a version. */
export type Signer = Pick<Caller, 'id' | 'name' | 'kind' | 'scope' | 'roles' | 'permissions' | 'account'>

/** A file's author stands in its version control, not here. */
const FROM_FILE: Author = { account: null, name: 'file' }

/**
 * Brings the store in line with the cards on disk, in one transaction: what stands there is in force. A changed file that
 * nobody signed costs the badge at the next look, and so does a file that went away or can no longer be read. A card that
 * was changed by the API stays so until its file changes again.
 */
export async function adoptCards(trx: Kysely<DeclareTables>, loaded: readonly LoadedCard[], now: number): Promise<void> {
  const there = new Set<string>()
  for (const one of loaded) {
    there.add(one.card.id)
    await adopt(trx, one, now)
  }
  for (const row of await allCards(trx)) {
    if (there.has(row.id) || row.file_hash === null || row.missing_since !== null) continue
    if (row.earned_at === null) await deleteCard(trx, row.id)
    else await updateCard(trx, row.id, { missing_since: now })
    await recordEvidence(trx, [cardEvidence(row.scope, row.id, 'missing', { hash: row.hash }, now)], { now: () => now })
  }
}

async function adopt(trx: Db, loaded: LoadedCard, now: number): Promise<void> {
  const { card, hash } = loaded
  const row = await cardById(trx, card.id)
  if (row !== undefined && row.scope !== card.scope.id) throw foreign(card.id)
  if (row === undefined) {
    await addVersion(trx, loaded, 'in-force', FROM_FILE, now)
    await insertCard(trx, freshRow(loaded, hash, now))
    return
  }
  const change: CardUpdate = { file_hash: hash, missing_since: null }
  if (row.file_hash === hash) {
    if (row.missing_since !== null) await found(trx, row, change, now)
    return
  }
  if ((await versionOf(trx, card.id, hash)) === undefined) await addVersion(trx, loaded, 'pending', FROM_FILE, now)
  if (row.missing_since === null) await updateCard(trx, row.id, change)
  else await found(trx, row, change, now)
  if (row.hash !== hash) await putInForce(trx, card, hash, { by: FROM_FILE, author: FROM_FILE }, now)
}

/** The file of a card is there again. */
async function found(trx: Db, row: CardsTable, change: CardUpdate, now: number): Promise<void> {
  await updateCard(trx, row.id, change)
  await recordEvidence(trx, [cardEvidence(row.scope, row.id, 'found', { hash: row.hash }, now)], { now: () => now })
}

/**
 * Keeps a version that came by the API. The first version of a card is in force at once, as an unsigned draft; a later
 * one waits beside the one in force until enough people have signed it.
 * @throws KanpekiError `forbidden` for another scope than the caller's, `conflict` if the id is another scope's.
 */
export async function proposeCard(trx: Kysely<DeclareTables>, loaded: LoadedCard, by: Signer, now: number): Promise<boolean> {
  const { card, hash } = loaded
  if (card.scope.id !== by.scope)
    throw new KanpekiError('forbidden', `The card is for the scope ${card.scope.id}; you work in ${by.scope}.`)
  const row = await cardById(trx, card.id)
  if (row !== undefined && row.scope !== by.scope) throw foreign(card.id)
  if ((await versionOf(trx, card.id, hash)) !== undefined) return false
  await addVersion(trx, loaded, row === undefined ? 'in-force' : 'pending', by, now)
  if (row === undefined) await insertCard(trx, freshRow(loaded, null, now))
  return true
}

/**
 * Signs a version as a person. Once enough different people have, a waiting version comes into force.
 * @throws KanpekiError `forbidden` (not a person, or no approver of that version), `own_approval` (its author),
 *   `not_found`, `conflict` (signed before).
 */
export async function signCard(trx: Kysely<DeclareTables>, id: string, hash: string, by: Signer, now: number): Promise<void> {
  const row = await cardById(trx, id)
  const version = row === undefined ? undefined : await versionOf(trx, id, hash)
  if (row === undefined || version === undefined || row.scope !== by.scope || version.state === 'past')
    throw new KanpekiError('not_found', `There is no version ${hash.slice(0, 12)} of ${id} to sign.`, {
      remedy: 'Reload the card: it may have changed since you read it.',
    })
  const card = readJson<Card>(version.document)
  const approvers = await approversOf(trx, row, card)
  if (!maySign(approvers, by)) {
    const before =
      approvers.before === null ? '' : `; of the version that promises more: ${approvers.before.approvers.join(', ')}`
    throw new KanpekiError('forbidden', `${by.name} may not sign this card.`, {
      remedy: `Approvers are people, signed in: ${card.approvers.join(', ')}${before}.`,
    })
  }
  refuseOwnApproval(authorOf(version), by, `version ${version.version} of ${id}`)
  const given = (await signaturesOf(trx, id)).filter((signature) => signature.hash === hash)
  if (given.some((signature) => signature.signer_id === by.id && countsNow(signature.at, row)))
    throw new KanpekiError('conflict', `${by.name} has signed this version.`)
  const body = { hash, version: version.version, by: { id: by.id, name: by.name } }
  const outbox = await recordEvidence(trx, [cardEvidence(row.scope, id, 'signed', body, now)], { now: () => now })
  await insertSignature(trx, {
    id: randomUUID(),
    scope: row.scope,
    card_id: id,
    hash,
    signer_id: by.id,
    signer_name: by.name,
    at: now,
    outbox,
  })
  if (version.state !== 'pending') return
  const signers = new Set([...given.map(({ signer_id }) => signer_id), by.id])
  const author = authorOf(version)
  if (signers.size >= requiredSignatures(await baseOf(trx, row), card, author))
    await putInForce(trx, card, hash, { by, author }, now)
}

/**
 * Whose lists of approvers a signer must stand on: the card's own, and, where it promises less than before, that of the
 * promise: otherwise a version could name the people who are to find it good.
 */
export async function approversOf(db: Db, row: CardsTable, card: Card): Promise<Approvers> {
  const base = await baseOf(db, row)
  return { own: card, before: base === undefined || loosening(base, card).length === 0 ? null : base }
}

export interface Approvers {
  readonly own: Card
  readonly before: Card | null
}

/** An administrator stands in for approvers of before: they may have left. */
export function maySign({ own, before }: Approvers, who: Pick<Signer, 'kind' | 'name' | 'roles' | 'permissions'>): boolean {
  return isApprover(own, who) && (before === null || isApprover(before, who) || who.roles.includes('administrator'))
}

/** After a withdrawal, signatures given before it no longer count. */
export function countsNow(at: number, row: Pick<CardsTable, 'withdrawn_at'>): boolean {
  return row.withdrawn_at === null || at > row.withdrawn_at
}

export function authorOf({ by_id, by_name }: Pick<VersionsTable, 'by_id' | 'by_name'>): Author {
  return { account: by_id, name: by_name }
}

export function isApprover(card: Card, who: Pick<Signer, 'kind' | 'name' | 'roles' | 'permissions'>): boolean {
  if (who.kind !== 'person') return false
  return card.approvers.some((approver) => {
    if (approver === '@admin') return who.roles.includes('administrator')
    if (approver === '@cards') return who.permissions.has('cards:write')
    return approver === who.name
  })
}

async function addVersion(
  trx: Db,
  { card, hash, text }: LoadedCard,
  state: VersionsTable['state'],
  by: Author,
  now: number,
): Promise<void> {
  const scope = card.scope.id
  await insertVersion(trx, {
    card_id: card.id,
    hash,
    scope,
    version: card.version,
    text,
    document: jsonText(card),
    at: now,
    by_name: by.name,
    by_id: by.account,
    state,
  })
  const body = { hash, version: card.version, by: saidBy(by), document: card as unknown as JsonObject }
  await recordEvidence(trx, [cardEvidence(scope, card.id, 'written', body, now)], { now: () => now })
}

async function putInForce(
  trx: Db,
  card: Card,
  hash: string,
  { by, author }: { readonly by: Author; readonly author: Author },
  now: number,
): Promise<void> {
  const row = await cardById(trx, card.id)
  const before = row === undefined ? undefined : await versionOf(trx, card.id, row.hash)
  const required = row === undefined ? card.signatures : requiredSignatures(await baseOf(trx, row), card, author)
  const changes = before === undefined ? [] : diffCards(readJson<Card>(before.document), card)
  await setInForce(trx, card.id, hash)
  await updateCard(trx, card.id, { hash, in_force_since: now, required: required > card.signatures ? required : null })
  const body = {
    hash,
    before: before?.hash ?? null,
    version: card.version,
    by: saidBy(by),
    required,
    weakened: weakenedIn(changes),
    changes: changes.map(({ path, kind, effect }) => ({ path, kind, effect })),
  }
  await recordEvidence(trx, [cardEvidence(card.scope.id, card.id, 'in-force', body, now)], { now: () => now })
}

/** How evidence names an author. */
function saidBy({ account, name }: Author): JsonValue {
  return account === null ? name : { id: account, name }
}

function freshRow({ card, hash }: LoadedCard, fileHash: string | null, now: number): CardsTable {
  return {
    id: card.id,
    scope: card.scope.id,
    hash,
    in_force_since: now,
    required: null,
    file_hash: fileHash,
    missing_since: null,
    state: 'draft',
    since: now,
    reasons: jsonText([]),
    earned_at: null,
    held_hash: null,
    withdrawn_at: null,
    all_met_since: null,
    evaluated_at: null,
    outbox: 0,
  }
}

function cardEvidence(scope: string, card: string, change: string, body: JsonObject, now: number): Evidence {
  return { type: 'card', scope, observed: now, received: now, body: { card, change, ...body } }
}

function foreign(id: string): KanpekiError {
  return new KanpekiError('conflict', `The id ${id} belongs to a card of another scope.`, {
    remedy: 'Choose another id: badge addresses are public and know no scope.',
  })
}
