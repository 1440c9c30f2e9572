import type { RequestHead } from '../transaction.ts'
import type { ClientRequest } from './exchange.ts'

/** What rules see of a request before its body. */
export function headOf(
  uniqueId: string,
  seen: Pick<ClientRequest, 'method' | 'target' | 'protocol' | 'headers'>,
  client: string,
  port: number,
  local: ClientRequest['local'],
): RequestHead {
  return {
    uniqueId,
    remoteAddress: client,
    remotePort: port,
    serverAddress: local.address,
    serverPort: local.port,
    method: seen.method,
    target: seen.target,
    protocol: seen.protocol,
    headers: seen.headers,
  }
}
