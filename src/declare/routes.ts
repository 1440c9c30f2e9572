import { KanpekiError, messageOf } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { type Caller, RawReply, type Route, route } from '../platform/http/route.ts'
import { readJson } from '../platform/state/columns.ts'
import type { State } from '../platform/state/state.ts'
import { type CardState, cardState } from './card-state.ts'
import { cardYaml } from './card-yaml.ts'
import { catalogueRoute } from './catalogue/routes.ts'
import { diffCards, weakenedIn } from './diff.ts'
import { baseOf, requiredSignatures } from './four-eyes.ts'
import { type LoadedCard, readCard } from './load.ts'
import { type Fact, reasonOf } from './messages.ts'
import { allCards, badgesOf, cardById, type Db, signaturesOf, versionOf, versionsOf } from './queries.ts'
import type { DeclareDeps } from './routes-deps.ts'
import { publicRoutes } from './routes-public.ts'
import { runEvaluation } from './run.ts'
import {
  type Card,
  type CardProblem,
  type CardView,
  cardParams,
  cardView as cardViewSchema,
  diffQuery,
  diffResponse,
  type HistoryResponse,
  historyResponse,
  proposeBody,
  proposeResponse,
  signBody,
  signResponse,
  sourceQuery,
  wallResponse,
} from './schema.ts'
import { seriesRoutes } from './series/routes.ts'
import type { DeclareTables, VersionsTable } from './tables.ts'
import { proposeCard, signCard } from './versions.ts'
import { cardView, refsOf, rfc3339, signatureView, wallTotals } from './view.ts'

const HISTORY = 200

export function routes(deps: DeclareDeps): Route[] {
  const measures = new Map(deps.measures.map((measure) => [measure.id, measure]))
  const stored = async (db: Db, id: string): Promise<CardState> => {
    const row = await cardById(db, id)
    const state = row === undefined ? undefined : await cardState(db, row, measures)
    if (state === undefined) throw new KanpekiError('not_found', `There is no declaration ${id}.`)
    return state
  }
  const view = async (caller: Caller, id: string): Promise<CardView> => {
    const db = scoped(deps.state, caller)
    return await cardView(db, await stored(db, id), caller, deps.ledgerIndexes, deps.clock.now())
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/cards',
      permission: 'cards:read',
      summary: 'The wall: every declaration with its badge, objectives, triggers and signatures',
      response: wallResponse,
      handle: async ({ caller }) => {
        const cards: CardView[] = []
        // A file that cannot be read names no scope that could be trusted: whoever works in the shared one sees to it.
        const problems = caller.scope === DEFAULT_SCOPE ? [...deps.problems()] : []
        for (const { id } of await allCards(scoped(deps.state, caller)))
          await view(caller, id).then(
            (card) => cards.push(card),
            (error: unknown) => problems.push(faultOf(id, error)),
          )
        return { cards, problems, totals: wallTotals(cards) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/cards/:id',
      permission: 'cards:read',
      summary: 'One declaration',
      params: cardParams,
      response: cardViewSchema,
      handle: ({ params, caller }) => view(caller, params.id),
    }),
    route({
      method: 'POST',
      path: '/api/v1/cards',
      permission: 'cards:write',
      summary: 'Propose a card or a new version of one, as YAML; `dryRun` only checks it and shows the differences',
      body: proposeBody,
      response: proposeResponse,
      handle: async ({ body, caller }) => {
        const loaded = accepted(readCard(body.yaml, '', measures))
        const { card, hash } = loaded
        const db = scoped(deps.state, caller)
        const row = await cardById(db, card.id)
        const before = row === undefined ? undefined : await inForce(db, card.id)
        const changes = before === undefined ? [] : [...diffCards(before, card)]
        const author = { account: caller.account, name: caller.name }
        const required = requiredSignatures(row === undefined ? undefined : await baseOf(db, row), card, author)
        const stored = body.dryRun
          ? false
          : await deps.state.transaction<DeclareTables, boolean>((trx) => proposeCard(trx, loaded, caller, deps.clock.now()))
        if (stored) deps.changed(await runEvaluation(deps, card.id))
        return { id: card.id, version: card.version, hash, stored, changes, weakened: weakenedIn(changes), required }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/cards/:id/sign',
      permission: 'cards:approve',
      summary: 'Sign the version with this hash, as a signed-in approver',
      params: cardParams,
      body: signBody,
      response: signResponse,
      handle: async ({ params, body, caller }) => {
        await deps.state.transaction<DeclareTables, void>((trx) => signCard(trx, params.id, body.hash, caller, deps.clock.now()))
        deps.changed(await runEvaluation(deps, params.id))
        return { card: await view(caller, params.id) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/cards/:id/history',
      permission: 'cards:read',
      summary: 'How the badge and the versions of a card came about',
      params: cardParams,
      response: historyResponse,
      handle: ({ params, caller }) => history(scoped(deps.state, caller), params.id, deps),
    }),
    route({
      method: 'GET',
      path: '/api/v1/cards/:id/diff',
      permission: 'cards:read',
      summary: 'Differences in meaning between two versions (by hash), each with its effect on the promise',
      params: cardParams,
      query: diffQuery,
      response: diffResponse,
      handle: async ({ params, query, caller }) => {
        const db = scoped(deps.state, caller)
        const { row } = await stored(db, params.id)
        const newest = (await versionsOf(db, params.id))[0]
        const to = await version(db, params.id, query.to ?? newest?.hash ?? row.hash)
        const from = await version(db, params.id, query.from ?? row.hash)
        const changes = [...diffCards(readJson<Card>(from.document), readJson<Card>(to.document))]
        return { id: params.id, from: brief(from), to: brief(to), changes, weakened: weakenedIn(changes) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/cards/:id/source',
      permission: 'cards:read',
      summary: 'The card as it was written, in YAML; `hash` chooses a version',
      params: cardParams,
      query: sourceQuery,
      handle: async ({ params, query, caller }) => {
        const db = scoped(deps.state, caller)
        const { row } = await stored(db, params.id)
        const found = await version(db, params.id, query.hash ?? row.hash)
        const whole = (): string => cardYaml(readJson<Card>(found.document), `${deps.origin()}/api/v1/schemas/card.json`)
        return new RawReply('text/yaml; charset=utf-8', query.form === 'whole' ? whole() : found.text)
      },
    }),
    catalogueRoute(deps),
    ...seriesRoutes(deps),
    ...publicRoutes(deps),
  ]
}

/** One card that cannot be shown does not take the others from the wall. */
function faultOf(id: string, error: unknown): CardProblem {
  return {
    file: id,
    line: null,
    field: null,
    code: 'card_fault',
    message: messageOf(error),
    remedy:
      'The badge is withdrawn until the card can be judged again. Restore the state from a backup, or propose the card anew.',
  }
}

function scoped(state: State, caller: Caller): Db {
  return state.scoped<DeclareTables>(caller.scope)
}

async function inForce(db: Db, id: string): Promise<Card | undefined> {
  const row = await cardById(db, id)
  const there = row === undefined ? undefined : await versionOf(db, id, row.hash)
  return there === undefined ? undefined : readJson<Card>(there.document)
}

async function version(db: Db, id: string, hash: string): Promise<VersionsTable> {
  const found = await versionOf(db, id, hash)
  if (found === undefined) throw new KanpekiError('not_found', `${id} has no version ${hash}.`)
  return found
}

function brief({ hash, version }: VersionsTable): { hash: string; version: string } {
  return { hash, version }
}

function accepted(result: ReturnType<typeof readCard>): LoadedCard {
  if (!('problems' in result)) return result
  const [first] = result.problems
  const others = result.problems
    .slice(1)
    .map(({ line, field, message }) => `line ${line ?? '?'}${field == null ? '' : ` ${field}`}: ${message}`)
  throw new KanpekiError('card_invalid', [first?.message ?? 'The card cannot be read.', ...others].join(' · '), {
    place: {
      ...(first?.line == null ? {} : { line: first.line }),
      ...(first?.field == null ? {} : { field: first.field }),
    },
    remedy: first?.remedy ?? 'Correct it and send it again.',
  })
}

async function history(db: Db, id: string, deps: DeclareDeps): Promise<HistoryResponse> {
  const row = await cardById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', `There is no declaration ${id}.`)
  const [badges, versions, signatures] = await Promise.all([badgesOf(db, id, HISTORY), versionsOf(db, id), signaturesOf(db, id)])
  const refs = refsOf(await deps.ledgerIndexes([...badges, ...signatures].map(({ outbox }) => outbox)))
  return {
    id,
    badge: badges.map((badge) => ({
      at: rfc3339(badge.at),
      from: badge.from_state,
      to: badge.to_state,
      reason: readJson<Fact[]>(badge.reasons).map(reasonOf)[0] ?? null,
      evidence: refs(badge.outbox),
    })),
    versions: versions.map((one) => ({
      ...brief(one),
      at: rfc3339(one.at),
      by: one.by_name,
      inForce: one.hash === row.hash,
      signatures: signatures.filter(({ hash }) => hash === one.hash).map((signature) => signatureView(signature, refs)),
    })),
  }
}
