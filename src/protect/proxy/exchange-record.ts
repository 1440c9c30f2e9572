import type { AuditRecord } from './audit-record.ts'
import type { ClientRequest } from './exchange.ts'
import type { GuardedTransaction } from './guarded-transaction.ts'
import type { FaultCode } from './http-fault.ts'
import { headerOf } from './http1/headers.ts'
import type { Inspections } from './inspections.ts'

export interface ExchangeFacts extends Pick<ClientRequest, 'method' | 'target' | 'headers'> {
  readonly reference: string
  /** Milliseconds UTC. */
  readonly started: number
  readonly client: string
}

export interface ExchangeEnd {
  readonly status: number
  readonly blocked: boolean
  readonly code: FaultCode | undefined
}

/** What is written about a request that is over, as the rules of one transaction saw it. Ends the transaction. */
export function exchangeRecord(
  { reference, started, client, method, target, headers }: ExchangeFacts,
  { status, blocked, code }: ExchangeEnd,
  transaction: GuardedTransaction,
  mode: AuditRecord['mode'],
): AuditRecord {
  const host = headerOf(headers, 'host')
  const { rules, messages, interruption } = transaction.finish()
  return {
    id: headerOf(headers, 'x-crs-test') ?? null,
    rules,
    status,
    messages,
    reference,
    time: new Date(started).toISOString(),
    client,
    method,
    ...(host === undefined ? {} : { host }),
    uri: target,
    mode,
    ...(interruption === undefined ? {} : { interruption }),
    blocked: blocked && mode !== 'shadow',
    ...(code === undefined ? {} : { fault: code }),
    ...(transaction.error === undefined ? {} : { engineError: transaction.error }),
  }
}

/** The same with what those found who look on beside the rules. */
export function withInspections(record: AuditRecord, inspections: Inspections | undefined): AuditRecord {
  if (inspections === undefined) return record
  const { messages, stop, error } = inspections
  const interruption = record.interruption ?? stop?.interruption
  const engineError = record.engineError ?? error
  return {
    ...record,
    rules: [...record.rules, ...messages.map(({ id }) => id)],
    messages: [...messages, ...record.messages],
    ...(interruption === undefined ? {} : { interruption }),
    ...(engineError === undefined ? {} : { engineError }),
  }
}
