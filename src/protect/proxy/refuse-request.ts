import type { AuditRecord } from './audit-record.ts'
import { stopPage } from './block-page.ts'
import { clientAddress } from './client-address.ts'
import type { AnswerWithBody, ClientRequest } from './exchange.ts'
import type { Gate } from './gate.ts'
import { GuardedTransaction } from './guarded-transaction.ts'
import { headerOf } from './http1/headers.ts'
import type { RefusedRequest } from './http1/request-head.ts'
import { newReference } from './reference.ts'
import { headOf } from './seen-head.ts'

/** Answers a request that is no request; rules see what could be read of it where that is whole. */
export function refuseRequest(
  gate: Gate,
  refused: RefusedRequest,
  peer: ClientRequest['peer'],
  local: ClientRequest['local'],
): AnswerWithBody {
  const reference = newReference()
  const { seen } = refused
  const client = seen === undefined ? peer.address : clientAddress(peer.address, seen.headers, gate.trusted)
  const transaction = new GuardedTransaction(() => gate.waf.begin('detect'))
  if (seen !== undefined) transaction.requestHead(headOf(reference, seen, client, peer.port, local))
  const { status, code } = refused.fault
  gate.record({
    id: (seen === undefined ? undefined : headerOf(seen.headers, 'x-crs-test')) ?? null,
    status,
    ...pick(transaction.finish()),
    reference,
    time: new Date(gate.now()).toISOString(),
    mode: gate.mode,
    client,
    ...(seen === undefined ? {} : { method: seen.method, uri: seen.target }),
    blocked: false,
    fault: code,
  })
  return stopPage('refused', status, reference, seen?.headers ?? [])
}

function pick({ rules, messages }: Pick<AuditRecord, 'rules' | 'messages'>): Pick<AuditRecord, 'rules' | 'messages'> {
  return { rules, messages }
}
