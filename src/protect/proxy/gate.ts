import type { Waf } from '../transaction.ts'
import type { AuditRecord } from './audit-record.ts'
import type { TrustedProxies } from './client-address.ts'
import type { ForwardedFrom } from './forward-head.ts'
import type { Inspector } from './inspection.ts'
import type { Pool } from './upstream/pool.ts'

/** What stands in front of one application. Everything is read at a request's start, so that a change only concerns later ones. */
export interface Gate {
  readonly waf: Waf
  readonly mode: 'detect' | 'block'
  /** A second rule set that sees the same and decides nothing. */
  readonly shadow?: { readonly waf: Waf; readonly record: (record: AuditRecord) => void }
  /** Who looks at exchanges beside the rules; undefined where nobody does. */
  readonly inspectors?: readonly Inspector[]
  readonly trusted: TrustedProxies
  readonly defaultHost: ForwardedFrom['defaultHost']
  /** Undefined where no upstream is healthy. */
  readonly upstream: () => Pool | undefined
  /** Writes before it returns. */
  readonly record: (record: AuditRecord) => void
  /** What happens to requests while the rules fail: they go on unseen, or are refused. */
  readonly onEngineError: 'open' | 'closed'
  /** What happens to a body beyond the limit: refused, or only its beginning is looked at. */
  readonly onLargeBody: 'refuse' | 'partial'
  /** The largest body that is let through at all, in bytes. */
  readonly largestBody: number
  /** Milliseconds that the application may take nothing of a request, or be silent before and within its answer. */
  readonly answerTime: number
  readonly now: () => number
}
