import type { MatchMessage, TransactionRecord } from '../transaction.ts'
import type { FaultCode } from './http-fault.ts'

/** One line of the audit log. The first four fields are what scripts rely on; the others may grow. */
export interface AuditRecord {
  /** The request's `X-CRS-Test`, by which a test finds its own; null where there is none or the request could not be read. */
  readonly id: string | null
  /** Ids of the rules that matched and log. */
  readonly rules: readonly number[]
  /** The status that the client got. */
  readonly status: number
  readonly messages: readonly MatchMessage[]
  readonly reference: string
  /** RFC 3339, UTC. */
  readonly time: string
  readonly mode: 'detect' | 'block' | 'shadow'
  readonly client: string
  readonly method?: string
  readonly host?: string
  readonly uri?: string
  /** What the rules asked for; whether it was done says `blocked`. */
  readonly interruption?: TransactionRecord['interruption']
  readonly blocked: boolean
  /** Why a request was refused before rules decided. */
  readonly fault?: FaultCode
  /** Set where the rules themselves failed: the request went on without them, or was refused. */
  readonly engineError?: string
}
