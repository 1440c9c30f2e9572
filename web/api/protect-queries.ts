import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { searchReplySchema } from '../../src/server/schema.ts'
import { call } from './client.ts'

/** All transactions of firewalls; those that were stopped; those that passed only because the rules did not block. */
export const TRANSACTIONS = 'event.dataset:"waf.transaction"'
export const STOPPED = `${TRANSACTIONS} AND event.action:"waf-blocked"`
export const WOULD_STOP = `${TRANSACTIONS} AND waf.would.status:* AND NOT event.action:"waf-blocked"`

/** Attempts to sign in where that is guarded; those that the application refused; those that never reached it; what was suspected. */
export const ATTEMPTS = 'event.dataset:"waf.login"'
export const REFUSED_ATTEMPTS = `${ATTEMPTS} AND event.outcome:failure`
export const STOPPED_ATTEMPTS = `${ATTEMPTS} AND event.type:denied`
export const SIGNALS = 'event.dataset:"waf.signal" AND waf.login.signal:*'

/** A value as the query language takes it, whatever is in it. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, (sign) => `\\${sign}`)}"`
}

export interface Span {
  readonly from: string
  readonly to: string
}

/** The latest transactions that a query finds. */
export const transactionsQuery = (query: string, span: Span | undefined, limit: number) =>
  queryOptions({
    queryKey: ['protect', 'transactions', query, span, limit],
    queryFn: ({ signal }) =>
      call(searchReplySchema, '/api/v1/events/search', { method: 'POST', body: { query, ...span, limit }, signal }),
    placeholderData: keepPreviousData,
  })
