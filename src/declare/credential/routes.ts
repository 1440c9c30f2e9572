import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { isWorn } from '../../kernel/measure.ts'
import { RawReply, type Route, route } from '../../platform/http/route.ts'
import { badgeOf } from '../badge.ts'
import { cardState, evaluateNow } from '../card-state.ts'
import type { Measures } from '../criteria.ts'
import { cardById, type Db } from '../queries.ts'
import type { DeclareDeps } from '../routes-deps.ts'
import { cardParams } from '../schema.ts'
import type { DeclareTables } from '../tables.ts'
import { badgeContext, badgeCredential, statusListCredential } from './credential.ts'
import { LIST_ENTRIES } from './status-list.ts'

/** As the badge itself: anyone may fetch it, and nobody keeps an old one for long. */
const HEADERS = { 'cache-control': 'public, max-age=5, must-revalidate', 'access-control-allow-origin': '*' }
const VC = 'application/vc'
/** Judging every badge again for each reader of the list would be work that strangers could ask for. */
const LIST_KEPT_MS = 2_000

/** The badge for programs: as a Verifiable Credential that a withdrawal revokes, and for shields.io. */
export function credentialRoutes(deps: DeclareDeps, publicHeaders: Readonly<Record<string, string>>): Route[] {
  const { state, clock, signer, origin } = deps
  const measures = new Map(deps.measures.map((measure) => [measure.id, measure]))
  const tables = (): Db => state.tables<DeclareTables>()
  const lists = new Map<number, { readonly at: number; readonly made: Promise<JsonObject> }>()
  const listAt = (list: number, now: number): Promise<JsonObject> => {
    const kept = lists.get(list)
    if (kept !== undefined && now - kept.at < LIST_KEPT_MS && now >= kept.at) return kept.made
    const made = revokedIn(tables(), list, measures, now).then((set) => statusListCredential(list, set, signer, origin(), now))
    lists.set(list, { at: now, made })
    made.catch(() => lists.delete(list))
    return made
  }
  return [
    route({
      method: 'GET',
      path: '/public/cards/:id/credential.json',
      permission: 'public',
      summary: 'The badge as a W3C Verifiable Credential, while it is held',
      params: cardParams,
      handle: async ({ params: { id } }) => {
        const now = clock.now()
        const badge = await badgeOf(tables(), id, 'en', measures, deps.ledgerHead, now)
        const open = await openCredential(tables(), id)
        if (!isWorn(badge.state) || open === undefined)
          throw new KanpekiError('not_found', `The badge of ${id} is not held: ${badge.state}.`, {
            remedy: `GET /public/cards/${id}/badge.json says why.`,
          })
        return new RawReply(VC, JSON.stringify(badgeCredential(badge, open, signer, origin(), now)), HEADERS)
      },
    }),
    route({
      method: 'GET',
      path: '/public/status/:list',
      permission: 'public',
      summary: 'Which badge credentials were revoked (W3C Bitstring Status List)',
      params: z.object({ list: z.string().regex(/^\d{1,6}\.json$/) }),
      handle: async ({ params }) => {
        const list = Number(params.list.slice(0, -'.json'.length))
        const { number } = (await tables()
          .selectFrom('declare_credentials')
          .select((e) => e.fn.max('number').as('number'))
          .executeTakeFirst()) ?? { number: null }
        if (number === null || list * LIST_ENTRIES > Number(number))
          throw new KanpekiError('not_found', `There is no status list ${list}.`)
        return new RawReply(VC, JSON.stringify(await listAt(list, clock.now())), HEADERS)
      },
    }),
    route({
      method: 'GET',
      path: '/public/contexts/badge-v1.json',
      permission: 'public',
      summary: 'What the words of a badge credential mean (JSON-LD)',
      handle: async () => new RawReply('application/ld+json', JSON.stringify(badgeContext(origin())), publicHeaders),
    }),
    route({
      method: 'GET',
      path: '/public/cards/:id/shield.json',
      permission: 'public',
      summary: 'The badge for https://shields.io/badges/endpoint-badge',
      params: cardParams,
      handle: async ({ params: { id } }) => {
        const badge = await badgeOf(tables(), id, 'en', measures, deps.ledgerHead, clock.now())
        const body = {
          schemaVersion: 1,
          label: badge.name.en,
          message: badge.state,
          color: COLOURS[badge.state],
          cacheSeconds: 300,
        }
        return new RawReply('application/json; charset=utf-8', JSON.stringify(body), publicHeaders)
      },
    }),
  ]
}

const COLOURS = { held: '2d5a47', 'at-risk': 'b8860b', withdrawn: 'c8321e', expired: 'c8321e', draft: 'lightgrey' } as const

async function openCredential(db: Db, card: string) {
  return await db
    .selectFrom('declare_credentials')
    .select(['number', 'hash', 'since'])
    .where('card_id', '=', card)
    .where('ended', 'is', null)
    .executeTakeFirst()
}

/** Ended ones, and those whose badge has fallen by itself since the last evaluation: withdrawal does not wait for it. */
async function revokedIn(db: Db, list: number, measures: Measures, now: number): Promise<number[]> {
  const first = list * LIST_ENTRIES
  const rows = await db
    .selectFrom('declare_credentials')
    .select(['number', 'card_id', 'ended'])
    .where('number', '>=', first)
    .where('number', '<', first + LIST_ENTRIES)
    .execute()
  const revoked: number[] = []
  for (const { number, card_id, ended } of rows)
    if (ended !== null || !(await isUp(db, card_id, measures, now))) revoked.push(number - first)
  return revoked
}

async function isUp(db: Db, id: string, measures: Measures, now: number): Promise<boolean> {
  const row = await cardById(db, id)
  const card = row === undefined ? undefined : await cardState(db, row, measures)
  if (card === undefined) return false
  return isWorn(evaluateNow(card, now).state)
}
