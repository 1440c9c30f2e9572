import { queryOptions } from '@tanstack/react-query'
import { configReply } from '../../src/app/care/schema.ts'
import { erasureListSchema } from '../../src/app/erasure/schema.ts'
import { holdListSchema, retentionSchema } from '../../src/app/retention/schema.ts'
import { call } from './client.ts'

/** What Kanpeki says about its own settings; read at the start of the server, hence never stale while it runs. */
export const configQuery = queryOptions({
  queryKey: ['config'],
  queryFn: ({ signal }) => call(configReply, '/api/v1/config', { signal }),
})

// ── How long events are kept ──

export const retentionQuery = queryOptions({
  queryKey: ['keeping', 'retention'],
  queryFn: ({ signal }) => call(retentionSchema, '/api/v1/retention', { signal }),
})

export const holdsQuery = queryOptions({
  queryKey: ['keeping', 'holds'],
  queryFn: ({ signal }) => call(holdListSchema, '/api/v1/holds', { signal }),
})

const WHILE_RUNNING_MS = 3_000

export const erasuresQuery = queryOptions({
  queryKey: ['keeping', 'erasures'],
  queryFn: ({ signal }) => call(erasureListSchema, '/api/v1/erasures', { signal }),
  refetchInterval: ({ state }) => (state.data?.erasures.some((one) => one.state === 'running') ? WHILE_RUNNING_MS : false),
})
