import { getPath, type JsonObject, type JsonValue } from '../../../src/kernel/json.ts'

export interface Matched {
  readonly id: number
  readonly msg: string
  readonly data: string
  readonly var: string
}

/** A firewall's transaction as the page shows it. */
export interface TransactionView {
  readonly reference: string
  readonly client: string
  readonly method: string
  readonly host: string
  readonly path: string
  readonly original: string
  readonly status: number | undefined
  readonly isStopped: boolean
  readonly mode: string
  readonly reason: string
  readonly messages: readonly Matched[]
}

/** Reads an event; what is missing or of another type is empty. */
export function transactionOf(doc: JsonObject): TransactionView {
  const text = (path: string): string => {
    const value = getPath(doc, path)
    return typeof value === 'string' ? value : ''
  }
  const status = getPath(doc, 'http.response.status_code')
  const messages = getPath(doc, 'waf.messages')
  return {
    reference: text('http.request.id'),
    client: text('source.ip'),
    method: text('http.request.method'),
    host: text('url.domain'),
    path: text('url.path'),
    original: text('url.original'),
    status: typeof status === 'number' ? status : undefined,
    isStopped: text('event.action') === 'waf-blocked',
    mode: text('waf.mode'),
    reason: text('event.reason'),
    messages: Array.isArray(messages) ? messages.flatMap((each: JsonValue) => matchedOf(each)) : [],
  }
}

function matchedOf(value: JsonValue): Matched[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const { id, msg, data, var: name } = value as JsonObject
  if (typeof id !== 'number') return []
  const said = (each: JsonValue | undefined) => (typeof each === 'string' ? each : '')
  return [{ id, msg: said(msg), data: said(data), var: said(name) }]
}

/** Whether a variable can be excluded: those that rules themselves reckon with cannot. */
export function isExcludable(variable: string): boolean {
  return variable !== '' && !/^(?:TX|MATCHED_)/i.test(variable)
}
