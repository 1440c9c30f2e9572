import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { preferredLanguage } from '../platform/http/preferred-language.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { REPORT_POLICY, reportHtml } from '../platform/report/html.ts'
import type { Language } from '../platform/report/model.ts'
import { badgeOf } from './badge.ts'
import { badgeSvg } from './badge-svg.ts'
import { cardJsonSchema } from './card-json-schema.ts'
import { credentialRoutes } from './credential/routes.ts'
import type { Measures } from './criteria.ts'
import { publicPage, publishedCards } from './public-page.ts'
import type { DeclareDeps } from './routes-deps.ts'
import { badgeJson, cardParams } from './schema.ts'
import type { DeclareTables } from './tables.ts'

const badgeQuery = z.object({ lang: z.enum(['en', 'ja']).default('en') })

const pageQuery = z.object({ lang: z.enum(['en', 'ja']).optional() })

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
    ...statusPages(deps, measures),
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

/** The status page: of every card that chose to be public, and of one. */
function statusPages(deps: DeclareDeps, measures: Measures): Route[] {
  const page = async (path: string, request: IncomingMessage, lang: Language | undefined, id?: string): Promise<RawReply> => {
    const language = lang ?? preferredLanguage(request.headers['accept-language'])
    const now = deps.clock.now()
    const cards = await publishedCards(deps.state.tables<DeclareTables>(), measures, now, id)
    const house = { organisation: deps.organisation, ledger: await deps.ledgerHead(), now }
    return new RawReply('text/html; charset=utf-8', reportHtml(publicPage(cards, house, language, path)), {
      ...PUBLIC_HEADERS,
      'content-security-policy': `${REPORT_POLICY}; frame-ancestors 'none'`,
      // A cache in between must not give one reader's language to another.
      vary: 'accept-language',
    })
  }
  return [
    route({
      method: 'GET',
      path: '/public/status',
      permission: 'public',
      summary: 'The public status page: every declaration that chose to be on it; ?lang=ja for Japanese',
      query: pageQuery,
      handle: ({ query, request }) => page('/public/status', request, query.lang),
    }),
    route({
      method: 'GET',
      path: '/public/cards/:id/status',
      permission: 'public',
      summary: 'The public status page of one declaration that chose to have one',
      params: cardParams,
      query: pageQuery,
      handle: ({ params, query, request }) => page(`/public/cards/${params.id}/status`, request, query.lang, params.id),
    }),
  ]
}
