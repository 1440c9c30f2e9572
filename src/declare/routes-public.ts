import { z } from 'zod'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { badgeOf } from './badge.ts'
import { badgeSvg } from './badge-svg.ts'
import { cardJsonSchema } from './card-json-schema.ts'
import { credentialRoutes } from './credential/routes.ts'
import type { DeclareDeps } from './routes-deps.ts'
import { badgeJson, cardParams } from './schema.ts'
import type { DeclareTables } from './tables.ts'

const badgeQuery = z.object({ lang: z.enum(['en', 'ja']).default('en') })

/** A badge is shown on other people's pages: anyone may embed it, and nobody may keep an old one for long. */
const PUBLIC_HEADERS = {
  'cache-control': 'public, max-age=30, must-revalidate',
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
}

/** What a customer or an auditor sees without signing in. */
export function publicRoutes(deps: DeclareDeps): Route[] {
  const measures = new Map(deps.measures.map((measure) => [measure.id, measure]))
  const look = (id: string, language: 'en' | 'ja') =>
    badgeOf(deps.state.tables<DeclareTables>(), id, language, measures, deps.ledgerHead, deps.clock.now())
  return [
    route({
      method: 'GET',
      path: '/public/cards/:id/badge.svg',
      permission: 'public',
      summary: 'The badge of a declaration as a picture; ?lang=ja for Japanese',
      params: cardParams,
      query: badgeQuery,
      handle: async ({ params, query }) => {
        const svg = badgeSvg(await look(params.id, query.lang), query.lang, deps.clock.now())
        return new RawReply('image/svg+xml; charset=utf-8', svg, {
          ...PUBLIC_HEADERS,
          'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        })
      },
    }),
    route({
      method: 'GET',
      path: '/public/cards/:id/badge.json',
      permission: 'public',
      summary: 'The badge of a declaration with its objectives and the head of the ledger',
      params: cardParams,
      query: badgeQuery,
      response: badgeJson,
      handle: async ({ params, query }) => {
        const badge = badgeJson.parse(await look(params.id, query.lang))
        return new RawReply('application/json; charset=utf-8', JSON.stringify(badge), PUBLIC_HEADERS)
      },
    }),
    ...credentialRoutes(deps, PUBLIC_HEADERS),
    route({
      method: 'GET',
      path: '/api/v1/schemas/card.json',
      permission: 'public',
      summary: 'JSON Schema of a declaration card',
      handle: async () =>
        new RawReply('application/schema+json', JSON.stringify(cardJsonSchema(deps.measures.map(({ id }) => id)), null, 2)),
    }),
  ]
}
