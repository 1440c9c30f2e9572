import { type HeaderLine, headerOf, valuesOf } from '../proxy/http1/headers.ts'
import { below } from './below.ts'
import { formArguments, TOO_MANY } from './form-arguments.ts'
import type { Api, ApiOperation } from './openapi.ts'

export interface ApiRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly HeaderLine[]
}

const OTHERWISE = 'the path is written in a way that no client of the API writes it'

/** The operation that a request is for, or what is wrong with asking for it. Undefined where it is outside of what the API covers. */
export function operationOf(
  api: Api,
  { method, target }: ApiRequest,
): { operation: ApiOperation; parameters: Readonly<Record<string, string>> } | string | undefined {
  const path = pathOf(target)
  if (path !== api.base && !path.startsWith(`${api.base}/`)) {
    // Of an API at the root only what is no path comes here (`OPTIONS *`).
    return api.base !== '' && below([api.base])(path) ? OTHERWISE : undefined
  }
  // Spelt otherwise than the description says: applications may take it for a path that is described, and we for none.
  if (/\/\/|\/\.{1,2}(?:\/|$)|;|\\|%(?:2f|5c|2e|00)/i.test(path)) return OTHERWISE
  const rest = path.slice(api.base.length)
  const allowed: string[] = []
  for (const { matches, operations } of api.paths) {
    const parameters = matches(rest)
    if (parameters === undefined) continue
    const operation = operations.get(method) ?? (method === 'HEAD' ? operations.get('GET') : undefined)
    if (operation !== undefined) return { operation, parameters }
    allowed.push(...operations.keys())
  }
  return allowed.length === 0 ? 'the API has no such path' : `the API knows this path with ${allowed.join(', ')} only`
}

/** What is wrong with path, query and headers; nothing where all is as described. */
export function headFaults(
  { operation, parameters }: { operation: ApiOperation; parameters: Readonly<Record<string, string>> },
  request: ApiRequest,
  unknownParameters: 'refuse' | 'pass',
): string[] {
  const query = queryOf(request.target)
  if (query === undefined) return [`query: ${TOO_MANY}`]
  const stray = unknownParameters === 'pass' ? [] : Object.keys(query).filter((name) => !isKnown(operation, name))
  const headers = Object.fromEntries(
    operation.headerNames.flatMap((name) => {
      const value = headerOf(request.headers, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  return [
    ...said('path', operation.pathParameters?.({ ...parameters })),
    ...stray.map((name) => `query: the API has no parameter ${name.slice(0, 60)}`),
    ...said('query', operation.query(query)),
    ...said('header', operation.headers?.(headers)),
  ]
}

/** What is wrong with the body. `body` are its bytes, decoded. */
export function bodyFaults(operation: ApiOperation, request: ApiRequest, body: Buffer, truncated: boolean): string[] {
  if (operation.body === undefined) return body.length === 0 ? [] : ['body: the API takes none here']
  if (body.length === 0) return operation.body.isRequired ? ['body: it is missing'] : []
  const given = valuesOf(request.headers, 'content-type')
  const type = (given[0] ?? '').split(';')[0]!.trim().toLowerCase()
  const known = [...operation.body.types.keys()].find((each) => isOfType(type, each))
  if (given.length !== 1 || known === undefined)
    return [`body: the API takes no ${type === '' ? 'body without a type' : type.slice(0, 60)} here`]
  const check = operation.body.types.get(known)
  if (check === undefined) return []
  if (truncated) return ['body: it is larger than is looked at']
  if (type.includes('json')) {
    const value = parsed(body)
    return value === undefined ? ['body: it is no JSON'] : said('body', check(value.is))
  }
  const form = formOf(body.toString('latin1'))
  return form === undefined ? [`body: ${TOO_MANY}`] : said('body', check(form))
}

function said(where: string, fault: string | undefined): string[] {
  return fault === undefined ? [] : [`${where}: ${fault}`]
}

function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  const end = path.search(/[?#]/)
  return end === -1 ? path : path.slice(0, end)
}

function queryOf(target: string): Record<string, string | string[]> | undefined {
  const at = target.indexOf('?')
  return at === -1 ? {} : formOf(target.slice(at + 1))
}

/** Values by name, a list where one comes twice; undefined where there are too many to look at. */
function formOf(text: string): Record<string, string | string[]> | undefined {
  const values: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  const args = formArguments(text)
  if (args === undefined) return undefined
  for (const [name, bytes] of args) {
    const key = utf8(name).replace(/\[\]$/, '')
    const value = utf8(bytes)
    const before = values[key]
    values[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
  }
  return values
}

/** `filter[name]` belongs to the parameter `filter`. */
function isKnown({ queryNames }: ApiOperation, name: string): boolean {
  return queryNames.has(name) || queryNames.has(`${name}[]`) || queryNames.has(name.replace(/\[.*$/, ''))
}

function isOfType(type: string, described: string): boolean {
  if (described === '*/*') return type !== ''
  return described.endsWith('/*') ? type.startsWith(described.slice(0, -1)) : type === described
}

function parsed(body: Buffer): { readonly is: unknown } | undefined {
  try {
    return { is: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) }
  } catch {
    return undefined
  }
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
