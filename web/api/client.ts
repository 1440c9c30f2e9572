import type { z } from 'zod'
import { confirmIdentity } from './confirm.ts'
import { Problem, problemOf } from './problem.ts'
import { chosenScope } from './scope.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RequestOptions {
  readonly method?: Method
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  /** Bytes instead of a body. */
  readonly file?: Blob
  readonly signal?: AbortSignal
}

/** Changes that are under way, by what they ask for. */
const underWay = new Map<string, Promise<unknown>>()

/** A second press before the answer is the same wish: it gets the answer of the first. */
async function once<T>(path: string, options: RequestOptions, ask: () => Promise<T>): Promise<T> {
  const { method = 'GET', query, body, file, signal } = options
  if (method === 'GET' || file !== undefined || signal !== undefined) return await ask()
  const wish = JSON.stringify([method, path, chosenScope(), query, body])
  const first = underWay.get(wish)
  if (first !== undefined) return (await first) as T
  const asked = ask().finally(() => underWay.delete(wish))
  underWay.set(wish, asked)
  return await asked
}

/**
 * One call of Kanpeki's own API; the reply is parsed by the room's schema.
 * Throws Problem: status 0 `unreachable` without an answer, `unexpected-shape` when server and console do not fit.
 */
export function call<S extends z.ZodType>(schema: S, path: string, options: RequestOptions = {}): Promise<z.infer<S>> {
  return once(path, options, () => callAnew(schema, path, options))
}

async function callAnew<S extends z.ZodType>(schema: S, path: string, options: RequestOptions): Promise<z.infer<S>> {
  const response = await send(path, options)
  const parsed = schema.safeParse(response.status === 204 ? undefined : await response.json())
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Problem(response.status, {
    code: 'unexpected-shape',
    detail: `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  })
}

/** A call whose reply does not matter. */
export async function tell(path: string, options: RequestOptions): Promise<void> {
  await once(path, options, () => send(path, options))
}

/** Bytes, for tiles and bundles. */
export async function bytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await send(path, signal === undefined ? {} : { signal })
  return new Uint8Array(await response.arrayBuffer())
}

export async function send(path: string, options: RequestOptions, repeated = false): Promise<Response> {
  const method = options.method ?? 'GET'
  const headers: Record<string, string> = { accept: 'application/json' }
  const scope = chosenScope()
  if (scope !== undefined) headers['x-kanpeki-scope'] = scope
  // A header that a foreign page cannot set without our consent: the server demands it on every change.
  if (method !== 'GET') headers['x-kanpeki-csrf'] = '1'
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (options.file !== undefined) headers['content-type'] = 'application/octet-stream'
  let response: Response
  try {
    response = await fetch(withQuery(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.file === undefined ? {} : { body: options.file }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, { code: 'unreachable', detail: error instanceof Error ? error.message : String(error) })
  }
  if (response.ok) return response
  const problem = await problemOf(response)
  // Dangerous actions want the person to show again who they are; the request is then made once more.
  if (problem.code === 'confirm_identity' && !repeated && (await confirmIdentity())) return await send(path, options, true)
  throw problem
}

/** The path with those values that are given. */
export function withQuery(path: string, query: RequestOptions['query']): string {
  if (query === undefined) return path
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) params.set(key, String(value))
  }
  const text = params.toString()
  return text === '' ? path : `${path}?${text}`
}
