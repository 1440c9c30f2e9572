import { queryOptions } from '@tanstack/react-query'
import { configReply } from '../../src/app/care/schema.ts'
import { call } from './client.ts'

/** What Kanpeki says about its own settings; read at the start of the server, hence never stale while it runs. */
export const configQuery = queryOptions({
  queryKey: ['config'],
  queryFn: ({ signal }) => call(configReply, '/api/v1/config', { signal }),
})
