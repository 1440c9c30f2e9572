import type { SavedSearch } from '../../../src/app/searches/schema.ts'
import { SPANS, type Span } from './window.ts'

interface Address {
  readonly q?: string
  readonly span?: Span
  readonly from?: string
  readonly to?: string
}

/** The address of the timeline that shows a saved search. A span that this version does not offer gives way to the usual one. */
export function addressOf({ query, span, from, to }: Pick<SavedSearch, 'query' | 'span' | 'from' | 'to'>): Address {
  const offered = SPANS.find((one) => one === span)
  return {
    ...(query === '' ? {} : { q: query }),
    ...(from !== null && to !== null ? { from, to } : offered === undefined ? {} : { span: offered }),
  }
}
