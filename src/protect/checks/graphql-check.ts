import { readMultipart } from '../body/multipart.ts'
import { formArguments, TOO_MANY } from './form-arguments.ts'
import { type GraphqlCost, graphqlCost } from './graphql.ts'
import type { GraphqlSettings } from './settings.ts'

interface Asked {
  readonly method: string
  readonly target: string
  readonly type: string
}

type Bounds = Pick<GraphqlSettings, 'depth' | 'aliases' | 'fields' | 'batch' | 'introspection'>

/** What of a GraphQL request is beyond its bounds. A body that holds no document we can see is a fault, too: it would go unbounded. */
export function graphqlFaults(bounds: Bounds, asked: Asked, body: Buffer, truncated: boolean): string[] {
  if (truncated) return ['the body is larger than is looked at']
  const documents = documentsOf(asked, body)
  if (typeof documents === 'string') return [documents]
  if (documents.length > bounds.batch) return [`${documents.length} operations in one request, ${bounds.batch} allowed`]
  return documents.flatMap((document) => {
    const cost = graphqlCost(document)
    return typeof cost === 'string' ? [cost] : beyond(bounds, cost)
  })
}

function beyond(bounds: Bounds, cost: GraphqlCost): string[] {
  const counted = [
    ['depth', cost.depth, bounds.depth],
    ['aliases', cost.aliases, bounds.aliases],
    ['fields', cost.fields, bounds.fields],
    ['operations', cost.operations, bounds.batch],
  ] as const
  return [
    ...counted.flatMap(([what, is, most]) => (is > most ? [`${what} ${is}, ${most} allowed`] : [])),
    ...(cost.isIntrospection && !bounds.introspection ? ['it asks for the schema'] : []),
  ]
}

/** Every document in a request: GET, JSON alone or in a list, forms with operations, the document itself. */
function documentsOf({ method, target, type }: Asked, body: Buffer): string[] | string {
  const at = target.indexOf('?')
  const inQuery = at === -1 ? [] : inForm(target.slice(at + 1))
  if (inQuery === undefined) return TOO_MANY
  if (method === 'GET' || method === 'HEAD') return inQuery
  const text = body.toString('utf8')
  if (/^application\/graphql\b(?!-)/i.test(type)) return [...inQuery, text]
  if (/^multipart\//i.test(type)) {
    const limits = { contentType: type, argumentSeparator: '&', argumentsLimit: 1000, depthLimit: 64 }
    const { args, error, flags } = readMultipart(body.toString('latin1'), limits)
    if (error !== undefined || flags?.has('MULTIPART_STRICT_ERROR')) return 'the form can be read in more than one way'
    const operations = queriesIn(args, ['operations'])
    return withQueries(inQuery, operations.flatMap(inJson))
  }
  if (/^application\/x-www-form-urlencoded/i.test(type)) {
    const found = inForm(body.toString('latin1'))
    return found === undefined ? TOO_MANY : [...inQuery, ...found]
  }
  return withQueries(inQuery, inJson(text))
}

/** Undefined where there is more than is looked at. */
function inForm(text: string): string[] | undefined {
  const args = formArguments(text)
  return args === undefined ? undefined : queriesIn(args, ['query'])
}

function queriesIn(args: readonly (readonly [string, string])[], names: readonly string[]): string[] {
  return args.flatMap(([name, value]) => (names.includes(name) ? [Buffer.from(value, 'latin1').toString('utf8')] : []))
}

function withQueries(before: readonly string[], found: readonly (string | undefined)[]): string[] | string {
  if (found.some((each) => each === undefined)) return 'the body is no GraphQL over JSON'
  return [...before, ...found.filter((each) => each !== undefined)]
}

/** Queries in JSON, undefined for what is not of that form. Requests by the hash of a stored query have none. */
function inJson(text: string): (string | undefined)[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return [undefined]
  }
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.flatMap((each) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return [undefined]
    const { query } = each as { query?: unknown }
    if (query === undefined || query === null) return []
    return [typeof query === 'string' ? query : undefined]
  })
}
