import { z } from 'zod'
import { MOST_KEY_CHARACTERS, takesIdempotencyKey } from '../app/repeated-writes/idempotency-key.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Route } from '../platform/http/route.ts'

/** A body that the route reads by itself. */
const BYTES = { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } }

/** Under the same key the same caller gets the first answer again, for a day. */
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: MOST_KEY_CHARACTERS },
}

/** What a path's final `*` is called. */
const REST = 'rest'

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return json as JsonObject
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): JsonObject[] {
  if (schema === undefined) return []
  const json = schemaOf(schema, 'input')
  const required = new Set((json['required'] as readonly string[] | undefined) ?? [])
  return Object.entries((json['properties'] as JsonObject | undefined) ?? {}).map(([name, property]) => ({
    name: name === '*' ? REST : name,
    in: place,
    required: place === 'path' || required.has(name),
    schema: property,
  }))
}

/** OpenAPI 3.1 of the mounted routes; zod is its only source. */
export function openApi(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, `{${REST}}`)
    const operation: JsonObject = {
      summary: route.summary,
      'x-permission': route.permission,
      parameters: [
        ...parametersOf(route.params, 'path'),
        ...parametersOf(route.query, 'query'),
        ...(takesIdempotencyKey(route) ? [IDEMPOTENCY_KEY] : []),
      ],
      ...(route.readsBody === true ? { requestBody: BYTES } : {}),
      ...(route.body === undefined
        ? {}
        : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }),
      responses: {
        200: {
          description: 'OK',
          ...(route.response === undefined
            ? {}
            : { content: { 'application/json': { schema: schemaOf(route.response, 'output') } } }),
        },
        default: { description: 'RFC 9457 problem', content: { 'application/problem+json': { schema: { type: 'object' } } } },
      },
      security: route.permission === 'public' ? [] : [{ token: [] }, { session: [] }],
    }
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Kanpeki', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'kanpeki_session' },
      },
    },
  }
}
