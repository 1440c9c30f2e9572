import { KanpekiError } from '../kernel/error.ts'

/** RFC 9457 problem details. `code` is stable for programs; `remedy` is for people. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  readonly remedy?: string
  readonly errors?: readonly InputError[]
  readonly place?: { readonly file?: string; readonly line?: number; readonly column?: number; readonly field?: string }
}

/** What is wrong with one field: `message` for whoever reads English, `code` and `bound` for whoever words it. */
export interface InputError {
  readonly path: string
  readonly message: string
  readonly code?: InputErrorCode
  readonly bound?: number
}

/** `short` … `many` come with their bound. */
export type InputErrorCode =
  | 'required'
  | 'type'
  | 'short'
  | 'long'
  | 'small'
  | 'large'
  | 'few'
  | 'many'
  | 'url'
  | 'email'
  | 'time'
  | 'format'
  | 'choice'
  | 'unknown'

export const PROBLEM_TYPE = 'application/problem+json'

const STATUS_OF: Readonly<Record<string, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  csrf: 403,
  foreign_scope: 403,
  own_approval: 403,
  confirm_identity: 403,
  beyond_own: 403,
  own_roles: 403,
  not_found: 404,
  method_not_allowed: 405,
  unsupported_media_type: 415,
  agent_refuses: 403,
  agent_limit: 429,
  conflict: 409,
  idempotency_running: 409,
  idempotency_unknown: 409,
  idempotency_reused: 422,
  last_administrator: 409,
  passkeys_unavailable: 409,
  passwords_off: 409,
  gone: 410,
  ticket_gone: 410,
  too_large: 413,
  too_many_requests: 429,
  queue_full: 429,
  stopping: 503,
  not_ready: 503,
  lake_unavailable: 503,
  disk_full: 507,
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  431: 'Header fields too large',
  500: 'Internal error',
  503: 'Not available',
  507: 'Disk full',
}

/** Of what the framework refuses before a route is asked. */
const CODE_OF: Readonly<Record<number, string>> = { 413: 'too_large', 415: 'unsupported_media_type', 431: 'too_large' }

export function problem(status: number, code: string, detail?: string, remedy?: string): Problem {
  return {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(remedy === undefined ? {} : { remedy }),
  }
}

/** A KanpekiError speaks for itself; anything else is ours and says nothing about our insides. */
export function problemOf(error: unknown): Problem {
  if (error instanceof KanpekiError) {
    const base = problem(STATUS_OF[error.code] ?? 400, error.code, error.message, error.remedy)
    return error.place === undefined ? base : { ...base, place: error.place }
  }
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500) {
    return problem(error.statusCode, CODE_OF[error.statusCode] ?? 'bad_request', error.message)
  }
  return problem(500, 'internal', 'Something failed on our side; the log has it.')
}
