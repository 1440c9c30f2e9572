/** A message that is refused: the status to answer with, and why in a word for the record. */
export interface HttpFault {
  readonly status: number
  readonly code: FaultCode
}

export type FaultCode =
  | 'request-line'
  | 'version'
  | 'bare-line-feed'
  | 'header-line'
  | 'header-byte'
  | 'folded-header'
  | 'host'
  | 'head-too-large'
  | 'content-length'
  | 'transfer-encoding'
  | 'chunk'
  | 'trailer'
  | 'body-too-large'
  | 'incomplete'
  | 'timeout'
  | 'expectation'
  | 'status-line'
  | 'closed'

export function fault(status: number, code: FaultCode): HttpFault {
  return { status, code }
}
