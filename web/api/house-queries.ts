import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { assetSchema, assetsPageSchema, type Criticality } from '../../src/access/assets/schema.ts'
import { agentSchema, authoritySchema, enrolmentSchema } from '../../src/access/machines/schema.ts'
import { reviewDetailSchema, reviewsReplySchema } from '../../src/access/reviews/schema.ts'
import { scimGroupsSchema, scimStatusSchema } from '../../src/access/scim/schema.ts'
import { ownScopesReplySchema, scopesReplySchema } from '../../src/access/scopes/schema.ts'
import { providersSchema } from '../../src/access/sso/schema.ts'
import { type ReadKind, readsPage } from '../../src/app/reads/schema.ts'
import { assetWeaknessesReply, componentsReply, type Step, vulnerabilitiesReply } from '../../src/assess/inventory/schema.ts'
import { waiverList } from '../../src/assess/work/schema.ts'
import { auditPageSchema } from '../../src/prove/audit/schema.ts'
import { call } from './client.ts'

/** Questions about the house itself: who did what, what there is, who may do what. */

// ── Audit: the ledger's entries about people, hence its topic ──

export interface AuditFilter {
  readonly type?: string | undefined
  readonly person?: string | undefined
  readonly action?: string | undefined
  /** RFC 3339. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['ledger', 'audit', filter],
    queryFn: ({ signal, pageParam }) =>
      call(auditPageSchema, '/api/v1/audit', {
        query: { ...filter, cursor: pageParam < 0 ? undefined : pageParam, limit: 100 },
        signal,
      }),
    initialPageParam: -1,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  })

export const readsQuery = (filter: { readonly person: string | undefined; readonly kind: ReadKind | undefined }) =>
  infiniteQueryOptions({
    queryKey: ['reads', filter],
    queryFn: ({ signal, pageParam }) =>
      call(readsPage, '/api/v1/reads', {
        query: { ...filter, cursor: pageParam === '' ? undefined : pageParam, limit: 100 },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  })

// ── Assets ──

export interface AssetFilter {
  readonly q?: string | undefined
  readonly criticality?: Criticality | undefined
}

export const assetsQuery = (filter: AssetFilter) =>
  infiniteQueryOptions({
    queryKey: ['assets', 'list', filter],
    queryFn: ({ signal, pageParam }) =>
      call(assetsPageSchema, '/api/v1/assets', {
        query: { ...filter, cursor: pageParam === '' ? undefined : pageParam, limit: 100 },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  })

/** What is installed on some assets, and how much of it is weak. */
export const assetWeaknessesQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ['ledger', 'vulnerabilities', 'assets', ids],
    queryFn: async ({ signal }) => {
      const parts = Array.from({ length: Math.ceil(ids.length / 200) }, (_, at) => ids.slice(200 * at, 200 * (at + 1)).join(','))
      const replies = await Promise.all(
        parts.map((part) => call(assetWeaknessesReply, '/api/v1/asset-weaknesses', { query: { ids: part }, signal })),
      )
      return new Map(replies.flatMap(({ items }) => items).map((one) => [one.id, one]))
    },
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
  })

export const assetQuery = (id: string) =>
  queryOptions({
    queryKey: ['assets', 'one', id],
    queryFn: ({ signal }) => call(assetSchema, `/api/v1/assets/${encodeURIComponent(id)}`, { signal }),
  })

// ── Scopes ──

export const scopesQuery = queryOptions({
  queryKey: ['scopes', 'all'],
  queryFn: ({ signal }) => call(scopesReplySchema, '/api/v1/scopes', { signal }),
})

export const ownScopesQuery = queryOptions({
  queryKey: ['scopes', 'mine'],
  queryFn: ({ signal }) => call(ownScopesReplySchema, '/api/v1/scopes/mine', { signal }),
  staleTime: 60_000,
})

// ── Access reviews ──

export const reviewsQuery = queryOptions({
  queryKey: ['reviews', 'all'],
  queryFn: ({ signal }) => call(reviewsReplySchema, '/api/v1/reviews', { signal }),
})

export const reviewQuery = (id: string, state: 'waiting' | 'decided' | 'all') =>
  infiniteQueryOptions({
    queryKey: ['reviews', 'one', id, state],
    queryFn: ({ signal, pageParam }) =>
      call(reviewDetailSchema, `/api/v1/reviews/${encodeURIComponent(id)}`, {
        query: { state, cursor: pageParam === '' ? undefined : pageParam, limit: 200 },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  })

// ── Single sign-on and provisioning ──

export const providersQuery = queryOptions({
  queryKey: ['sso', 'providers'],
  queryFn: ({ signal }) => call(providersSchema, '/api/v1/sso/providers', { signal }),
})

export const scimQuery = queryOptions({
  queryKey: ['sso', 'scim'],
  queryFn: ({ signal }) => call(scimStatusSchema, '/api/v1/scim', { signal }),
})

export const scimGroupsQuery = queryOptions({
  queryKey: ['sso', 'scim-groups'],
  queryFn: ({ signal }) => call(scimGroupsSchema, '/api/v1/scim/groups', { signal }),
})

// ── Machines ──

export const agentsQuery = queryOptions({
  queryKey: ['agents', 'all'],
  queryFn: ({ signal }) => call(z.object({ items: z.array(agentSchema) }), '/api/v1/agents', { signal }),
})

export const enrolmentsQuery = queryOptions({
  queryKey: ['agents', 'enrolments'],
  queryFn: ({ signal }) => call(z.object({ items: z.array(enrolmentSchema) }), '/api/v1/enrolments', { signal }),
})

export const authoritiesQuery = queryOptions({
  queryKey: ['agents', 'authorities'],
  queryFn: ({ signal }) => call(z.object({ items: z.array(authoritySchema) }), '/api/v1/authorities', { signal }),
})

// ── Vulnerabilities ──

export const vulnerabilitiesQuery = (query: {
  readonly step: Step
  readonly state: 'open' | 'waived' | 'gone'
  readonly kind: string | undefined
  readonly overdue: 'true' | undefined
  readonly q: string | undefined
  readonly asset: string | undefined
}) =>
  queryOptions({
    queryKey: ['ledger', 'vulnerabilities', query],
    queryFn: ({ signal }) => call(vulnerabilitiesReply, '/api/v1/vulnerabilities', { query, signal }),
    placeholderData: keepPreviousData,
  })

export const waiversQuery = queryOptions({
  queryKey: ['ledger', 'vulnerabilities', 'exceptions'],
  queryFn: ({ signal }) => call(waiverList, '/api/v1/vulnerability-exceptions', { signal }),
})

export const componentsQuery = (query: { readonly name: string; readonly range: string | undefined }) =>
  queryOptions({
    queryKey: ['ledger', 'components', query],
    queryFn: ({ signal }) => call(componentsReply, '/api/v1/components', { query, signal }),
    retry: false,
  })
