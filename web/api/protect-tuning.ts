import { queryOptions } from '@tanstack/react-query'
import {
  applicationListSchema,
  type ExclusionWhat,
  exclusionListSchema,
  exclusionPreviewSchema,
  suggestionListSchema,
  verdictSchema,
} from '../../src/protect/schema.ts'
import { call } from './client.ts'

/** All that tunes firewalls begins with this key. */
export const TUNING = ['protect', 'tuning'] as const

export const exclusionsQuery = queryOptions({
  queryKey: [...TUNING, 'exclusions'],
  queryFn: ({ signal }) => call(exclusionListSchema, '/api/v1/waf/exclusions', { signal }),
})

export const suggestionsQuery = queryOptions({
  queryKey: [...TUNING, 'suggestions'],
  queryFn: ({ signal }) => call(suggestionListSchema, '/api/v1/waf/suggestions', { signal }),
  staleTime: 60_000,
})

export const applicationsQuery = queryOptions({
  queryKey: [...TUNING, 'applications'],
  queryFn: ({ signal }) => call(applicationListSchema, '/api/v1/waf/applications', { signal }),
})

export const exclusionPreviewQuery = (what: ExclusionWhat) =>
  queryOptions({
    queryKey: [...TUNING, 'preview', what],
    queryFn: ({ signal }) =>
      call(exclusionPreviewSchema, '/api/v1/waf/exclusions/preview', { method: 'POST', body: what, signal }),
  })

export const wafVerdictQuery = (reference: string) =>
  queryOptions({
    queryKey: [...TUNING, 'verdict', reference],
    queryFn: ({ signal }) => call(verdictSchema, '/api/v1/waf/verdicts', { query: { reference }, signal }),
  })
