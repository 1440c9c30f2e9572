import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { sessionSchema, tokenSchema } from '../../src/access/schema.ts'
import { ownScopesReplySchema } from '../../src/access/scopes/schema.ts'
import { firstWeekView } from '../../src/app/first-week/schema.ts'
import { savedSearchesSchema } from '../../src/app/searches/schema.ts'
import { reviewMailView, reviewView } from '../../src/app/weekly/schema.ts'
import { type HostsQuery, hostList, minimumEventList } from '../../src/collect/completeness/schema.ts'
import { maskingView } from '../../src/collect/masking/schema.ts'
import { shipperList, sourceDetail, sourceList, unknownList } from '../../src/collect/schema.ts'
import { measuresResponse } from '../../src/declare/catalogue/schema.ts'
import { frameworksResponse, frameworkView } from '../../src/declare/frameworks/schema.ts'
import { diffResponse, historyResponse, wallResponse } from '../../src/declare/schema.ts'
import { seriesListResponse } from '../../src/declare/series/schema.ts'
import { behaviourStatus, entityProfile } from '../../src/detect/behaviour/schema.ts'
import { exceptionList, exceptionPreview } from '../../src/detect/exceptions/schema.ts'
import { indicatorsSchema, iocListsSchema } from '../../src/detect/ioc/schema.ts'
import { channelList, mailServerView } from '../../src/detect/notify/schema.ts'
import { scenarioDetail, scenariosResponse } from '../../src/detect/scenarios/schema.ts'
import { alertCounts, alertDetail, coverageResponse, queueResponse, ruleDetail, rulesResponse } from '../../src/detect/schema.ts'
import { entriesPageSchema, entryProofSchema, ledgerHeadSchema } from '../../src/prove/schema.ts'
import { connectionList } from '../../src/respond/connections/schema.ts'
import {
  aroundReplySchema,
  type HistogramRequest,
  histogramReplySchema,
  overviewSchema,
  searchReplySchema,
  storedEventSchema,
  type TopRequest,
  topReplySchema,
} from '../../src/server/schema.ts'
import { call, send } from './client.ts'

/**
 * Every question the console asks. The first word of a key is the live topic that makes its answer stale
 * (`alerts`, `cards`, `sources`, `ledger`, `rules`, and `overview`, which follows all of them).
 */

/** The queue is asked again this often even when the live line says nothing: it must never show an old truth for long. */
const QUIET_REFRESH = 20_000

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => call(sessionSchema, '/api/v1/session', { signal }),
  staleTime: 60_000,
  retry: false,
})

/** The scopes that whoever asks may work in, with what to call them. */
export const ownScopesQuery = queryOptions({
  queryKey: ['scopes', 'mine'],
  queryFn: ({ signal }) => call(ownScopesReplySchema, '/api/v1/scopes/mine', { signal }),
  staleTime: 60_000,
})

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => call(overviewSchema, '/api/v1/overview', { signal }),
})

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => call(z.object({ items: z.array(tokenSchema) }), '/api/v1/tokens', { signal }),
})

// ── Alerts and rules ──

export const alertCountsQuery = queryOptions({
  queryKey: ['alerts', 'counts'],
  queryFn: ({ signal }) => call(alertCounts, '/api/v1/alerts/summary', { signal }),
  refetchInterval: QUIET_REFRESH,
})

export interface QueueFilter {
  readonly state: 'open' | 'closed'
  readonly assignee?: string
  readonly q?: string
}

export const queueQuery = (filter: QueueFilter) =>
  infiniteQueryOptions({
    queryKey: ['alerts', 'queue', filter],
    queryFn: ({ signal, pageParam }) =>
      call(queueResponse, '/api/v1/alerts', {
        query: { ...filter, cursor: pageParam === '' ? undefined : pageParam, limit: 50 },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: QUIET_REFRESH,
  })

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ['alerts', 'one', id],
    queryFn: ({ signal }) => call(alertDetail, `/api/v1/alerts/${encodeURIComponent(id)}`, { signal }),
    placeholderData: keepPreviousData,
  })

export const coverageQuery = (days: number) =>
  queryOptions({
    queryKey: ['alerts', 'coverage', days],
    queryFn: ({ signal }) => call(coverageResponse, '/api/v1/coverage', { query: { days }, signal }),
    staleTime: 30_000,
  })

export const ruleQuery = (id: string) =>
  queryOptions({
    queryKey: ['rules', 'one', id],
    queryFn: ({ signal }) => call(ruleDetail, `/api/v1/rules/${encodeURIComponent(id)}`, { signal }),
    staleTime: 30_000,
  })

export const scenariosQuery = queryOptions({
  queryKey: ['rules', 'scenarios'],
  queryFn: ({ signal }) => call(scenariosResponse, '/api/v1/scenarios', { signal }),
  staleTime: 30_000,
})

export const scenarioQuery = (id: string) =>
  queryOptions({
    queryKey: ['rules', 'scenario', id],
    queryFn: ({ signal }) => call(scenarioDetail, `/api/v1/scenarios/${encodeURIComponent(id)}`, { signal }),
    staleTime: 30_000,
  })

export const rulesQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['rules', 'list', q],
    queryFn: ({ signal, pageParam }) =>
      call(rulesResponse, '/api/v1/rules', {
        query: { q: q === '' ? undefined : q, cursor: pageParam === '' ? undefined : pageParam, limit: 200 },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  })

export const indicatorListsQuery = queryOptions({
  queryKey: ['rules', 'ioc'],
  queryFn: ({ signal }) => call(iocListsSchema, '/api/v1/ioc/lists', { signal }),
})

/** Indicators that are this value or begin like it. */
export const indicatorsQuery = (q: string) =>
  queryOptions({
    queryKey: ['rules', 'ioc', 'search', q],
    queryFn: ({ signal }) => call(indicatorsSchema, `/api/v1/ioc/indicators?q=${encodeURIComponent(q)}`, { signal }),
  })

// ── Sources ──

export const sourcesQuery = queryOptions({
  queryKey: ['sources', 'list'],
  queryFn: ({ signal }) => call(sourceList, '/api/v1/sources', { signal }),
})

export const sourceQuery = (id: string) =>
  queryOptions({
    queryKey: ['sources', 'one', id],
    queryFn: ({ signal }) => call(sourceDetail, `/api/v1/sources/${encodeURIComponent(id)}`, { signal }),
  })

export const unknownsQuery = (id: string) =>
  queryOptions({
    queryKey: ['sources', 'unknown', id],
    queryFn: ({ signal }) => call(unknownList, `/api/v1/sources/${encodeURIComponent(id)}/unknown`, { signal }),
  })

export const hostsQuery = (state: HostsQuery['state'], q: string) =>
  queryOptions({
    queryKey: ['sources', 'hosts', state, q],
    queryFn: ({ signal }) =>
      call(hostList, `/api/v1/completeness/hosts?${new URLSearchParams({ state, q, limit: '100' })}`, { signal }),
  })

export const minimumEventsQuery = queryOptions({
  queryKey: ['sources', 'minimum'],
  queryFn: ({ signal }) => call(minimumEventList, '/api/v1/completeness/minimum-events', { signal }),
})

export const maskingQuery = queryOptions({
  queryKey: ['sources', 'masking'],
  queryFn: ({ signal }) => call(maskingView, '/api/v1/masking', { signal }),
})

export const behaviourQuery = queryOptions({
  queryKey: ['behaviour'],
  queryFn: ({ signal }) => call(behaviourStatus, '/api/v1/behaviour', { signal }),
})

export const profileQuery = (kind: 'user' | 'host', name: string) =>
  queryOptions({
    queryKey: ['behaviour', kind, name],
    queryFn: ({ signal }) => call(entityProfile, `/api/v1/behaviour/${kind}/${encodeURIComponent(name)}`, { signal }),
    retry: false,
  })

export const shippersQuery = queryOptions({
  queryKey: ['shippers'],
  queryFn: ({ signal }) => call(shipperList, '/api/v1/shippers', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
})

// ── Ledger ──

export const ledgerHeadQuery = queryOptions({
  queryKey: ['ledger', 'head'],
  queryFn: ({ signal }) => call(ledgerHeadSchema, '/api/v1/ledger/head', { signal }),
})

export interface EntryFilter {
  readonly type?: string
  readonly subject?: string
}

export const entriesQuery = (filter: EntryFilter) =>
  infiniteQueryOptions({
    queryKey: ['ledger', 'entries', filter],
    queryFn: ({ signal, pageParam }) =>
      call(entriesPageSchema, '/api/v1/ledger/entries', {
        query: { ...filter, cursor: pageParam < 0 ? undefined : pageParam, limit: 60 },
        signal,
      }),
    initialPageParam: -1,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  })

export const entryProofQuery = (index: number) =>
  queryOptions({
    queryKey: ['proof', index],
    queryFn: ({ signal }) => call(entryProofSchema, `/api/v1/ledger/entries/${index}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

// ── Events ──

export interface EventWindow {
  readonly query: string
  readonly from: string
  readonly to: string
}

export const eventsQuery = (window: EventWindow) =>
  infiniteQueryOptions({
    queryKey: ['events', 'search', window],
    queryFn: ({ signal, pageParam }) =>
      call(searchReplySchema, '/api/v1/events/search', {
        method: 'POST',
        body: { ...window, limit: 200, ...(pageParam === '' ? {} : { cursor: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    retry: false,
  })

export const histogramQuery = (request: HistogramRequest) =>
  queryOptions({
    queryKey: ['events', 'histogram', request],
    queryFn: ({ signal }) => call(histogramReplySchema, '/api/v1/events/histogram', { method: 'POST', body: request, signal }),
    placeholderData: keepPreviousData,
    retry: false,
  })

export const topQuery = (request: TopRequest) =>
  queryOptions({
    queryKey: ['events', 'top', request],
    queryFn: ({ signal }) => call(topReplySchema, '/api/v1/events/top', { method: 'POST', body: request, signal }),
    retry: false,
  })

export const savedSearchesQuery = queryOptions({
  queryKey: ['searches'],
  queryFn: ({ signal }) => call(savedSearchesSchema, '/api/v1/searches', { signal }),
  staleTime: 30_000,
})

export const connectionsQuery = queryOptions({
  queryKey: ['connections'],
  queryFn: ({ signal }) => call(connectionList, '/api/v1/connections', { signal }),
})

export const channelsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: ({ signal }) => call(channelList, '/api/v1/channels', { signal }),
  refetchInterval: 15_000,
})

export const mailServerQuery = queryOptions({
  queryKey: ['mail-server'],
  queryFn: ({ signal }) => call(mailServerView, '/api/v1/mail-server', { signal }),
})

export const exceptionsQuery = queryOptions({
  queryKey: ['exceptions', 'list'],
  queryFn: ({ signal }) => call(exceptionList, '/api/v1/exceptions', { signal }),
})

/** @param what JSON of an `ExceptionWhat`: the same question is asked once. */
export const exceptionPreviewQuery = (what: string) =>
  queryOptions({
    queryKey: ['exceptions', 'preview', what],
    queryFn: ({ signal }) =>
      call(exceptionPreview, '/api/v1/exceptions/preview', { method: 'POST', body: JSON.parse(what), signal }),
    placeholderData: keepPreviousData,
    retry: false,
  })

export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ['events', 'one', id],
    queryFn: ({ signal }) => call(storedEventSchema, `/api/v1/events/${encodeURIComponent(id)}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const aroundQuery = (id: string, seconds: number) =>
  queryOptions({
    queryKey: ['events', 'around', id, seconds],
    queryFn: ({ signal }) =>
      call(aroundReplySchema, `/api/v1/events/${encodeURIComponent(id)}/around`, { query: { seconds }, signal }),
  })

// ── Declarations ──

export const wallQuery = queryOptions({
  queryKey: ['cards', 'wall'],
  queryFn: ({ signal }) => call(wallResponse, '/api/v1/cards', { signal }),
})

export const firstWeekQuery = queryOptions({
  queryKey: ['cards', 'first-week'],
  queryFn: ({ signal }) => call(firstWeekView, '/api/v1/first-week', { signal }),
})

export const reviewQuery = (week: string | undefined) =>
  queryOptions({
    queryKey: ['cards', 'review', week ?? 'now'],
    queryFn: ({ signal }) => call(reviewView, '/api/v1/review', { signal, query: { week } }),
  })

export const reviewMailQuery = queryOptions({
  queryKey: ['review-mail'],
  queryFn: ({ signal }) => call(reviewMailView, '/api/v1/review/mail', { signal }),
})

export const frameworksQuery = queryOptions({
  queryKey: ['cards', 'frameworks'],
  queryFn: ({ signal }) => call(frameworksResponse, '/api/v1/frameworks', { signal }),
})

export const frameworkQuery = (id: string) =>
  queryOptions({
    queryKey: ['cards', 'frameworks', id],
    queryFn: ({ signal }) => call(frameworkView, `/api/v1/frameworks/${encodeURIComponent(id)}`, { signal }),
    placeholderData: keepPreviousData,
  })

export const seriesQuery = queryOptions({
  queryKey: ['series'],
  queryFn: ({ signal }) => call(seriesListResponse, '/api/v1/series', { signal }),
})

export const measuresQuery = queryOptions({
  queryKey: ['cards', 'measures'],
  queryFn: ({ signal }) => call(measuresResponse, '/api/v1/measures', { signal }),
})

export const cardDiffQuery = (id: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['cards', 'diff', id, from, to],
    queryFn: ({ signal }) => call(diffResponse, `/api/v1/cards/${encodeURIComponent(id)}/diff`, { query: { from, to }, signal }),
  })

/** The whole card as YAML. */
export const cardSourceQuery = (id: string) =>
  queryOptions({
    queryKey: ['cards', 'source', id],
    queryFn: async ({ signal }) =>
      await (await send(`/api/v1/cards/${encodeURIComponent(id)}/source?form=whole`, { signal })).text(),
  })

export const cardHistoryQuery = (id: string) =>
  queryOptions({
    queryKey: ['cards', 'history', id],
    queryFn: ({ signal }) => call(historyResponse, `/api/v1/cards/${encodeURIComponent(id)}/history`, { signal }),
  })
