import { type HeaderLine, headerOf, valuesOf } from '../proxy/http1/headers.ts'
import type { LoginOutcome } from './judge.ts'
import type { Login, Outcome } from './settings.ts'

export interface LoginAnswer {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  /** A byte string; its beginning. */
  readonly body: string
}

/** What the application's answer says about an attempt. With one of success and failure declared, the other is the rest; faults of the server are neither. */
export function outcomeOf({ success, failure }: Pick<Login, 'success' | 'failure'>, answer: LoginAnswer): LoginOutcome {
  if (failure !== undefined && holds(failure, answer)) return 'failure'
  if (success !== undefined && holds(success, answer)) return 'success'
  if (answer.status >= 500 || answer.status === 0 || answer.status === 429) return 'unknown'
  if (failure === undefined) return 'failure'
  return success === undefined ? 'success' : 'unknown'
}

/** True where the body is needed to tell. */
export function needsBody({ success, failure }: Pick<Login, 'success' | 'failure'>): boolean {
  return success?.body !== undefined || failure?.body !== undefined
}

function holds({ status, redirect, cookie, body }: Outcome, answer: LoginAnswer): boolean {
  if (status !== undefined && !status.includes(answer.status)) return false
  if (redirect !== undefined && !(pathOfLocation(answer.headers) ?? '').startsWith(redirect)) return false
  if (cookie !== undefined && !sets(answer.headers, cookie)) return false
  return body === undefined || answer.body.includes(Buffer.from(body).toString('latin1'))
}

function pathOfLocation(headers: readonly HeaderLine[]): string | undefined {
  return headerOf(headers, 'location')?.replace(/^(?:https?:)?\/\/[^/?#]*/i, '')
}

/** To set a cookie empty is to take it away. */
function sets(headers: readonly HeaderLine[], cookie: string): boolean {
  return valuesOf(headers, 'set-cookie').some((line) => {
    const [pair = ''] = line.split(';')
    const equals = pair.indexOf('=')
    return pair.slice(0, equals).trim() === cookie && pair.slice(equals + 1).trim() !== ''
  })
}
