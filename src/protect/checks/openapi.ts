import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { RE2JS } from 're2js'
import { parse } from 'yaml'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'

/** Says what is wrong with a value, or nothing. */
export type Check = (value: unknown) => string | undefined

export interface ApiOperation {
  readonly id: string
  /** Texts by name; `query` and `form` know all names that may come. */
  readonly pathParameters: Check | undefined
  readonly query: Check
  readonly queryNames: ReadonlySet<string>
  readonly headers: Check | undefined
  readonly headerNames: readonly string[]
  readonly body: ApiBody | undefined
}

export interface ApiBody {
  readonly isRequired: boolean
  /** By lower-case media type; `text/*` and the like are kept as they are. Undefined: any content. */
  readonly types: ReadonlyMap<string, Check | undefined>
}

export interface ApiPath {
  readonly template: string
  readonly matches: (path: string) => Readonly<Record<string, string>> | undefined
  /** By method, upper case. */
  readonly operations: ReadonlyMap<string, ApiOperation>
}

export interface Api {
  readonly base: string
  /** Fixed segments before templated ones, as OpenAPI wants them matched. */
  readonly paths: readonly ApiPath[]
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const
const ROOT = 'openapi'
type Place = readonly string[]

/**
 * Compiles an OpenAPI document (3.0 or 3.1) into checks. Patterns run in linear time (RE2 syntax).
 * @throws KanpekiError `openapi_invalid` for a file that cannot be read or used, with the place in it.
 */
export function loadOpenApi(file: string, base: string | undefined): Api {
  const document = read(file)
  const version = document['openapi']
  if (typeof version !== 'string' || !/^3\.[01]\./.test(version))
    throw invalid(file, 'openapi', 'only versions 3.0 and 3.1 are read')
  const usable = version.startsWith('3.0') ? (asNewer(document) as JsonObject) : document
  const compiler = new Compiler(file, usable)
  return { base: base ?? basePath(usable), paths: compiler.paths() }
}

function read(file: string): JsonObject {
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw invalid(file, '', messageOf(error))
  }
  if (!isJsonObject(value as JsonValue)) throw invalid(file, '', 'it holds no document')
  return value as JsonObject
}

function invalid(file: string, field: string, why: string): KanpekiError {
  return new KanpekiError('openapi_invalid', `The API description cannot be used: ${why}.`, {
    place: { file, ...(field === '' ? {} : { field }) },
  })
}

/** JSON Schema of OpenAPI 3.0 in the words of 3.1: `nullable`, and limits that were booleans. */
function asNewer(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(asNewer)
  if (!isJsonObject(value)) return value
  const made: Record<string, JsonValue> = {}
  for (const [name, each] of Object.entries(value)) made[name] = name === 'example' ? each : asNewer(each)
  if (made['nullable'] === true && typeof made['type'] === 'string') {
    made['type'] = [made['type'], 'null']
    if (Array.isArray(made['enum'])) made['enum'] = [...made['enum'], null]
  }
  for (const [limit, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof made[exclusive] !== 'boolean') continue
    if (made[exclusive] && made[limit] !== undefined) {
      made[exclusive] = made[limit]
      delete made[limit]
    } else delete made[exclusive]
  }
  return made
}

function basePath(document: JsonObject): string {
  const servers = document['servers']
  const first = Array.isArray(servers) && isJsonObject(servers[0]!) ? servers[0]['url'] : undefined
  const path = typeof first === 'string' ? first.replace(/^[a-z+.-]+:\/\/[^/]*/i, '') : ''
  return path.replace(/\/+$/, '')
}

/** A pattern that ajv asks, by the text of which it knows it again; without look-around and back references, which RE2 does not have. */
function linearPattern(source: string): { test: (text: string) => boolean; toString: () => string } {
  const pattern = RE2JS.compile(source)
  return { test: (text) => pattern.matcher(text).find(), toString: () => source }
}

class Compiler {
  readonly #file: string
  readonly #document: JsonObject
  readonly #strict: Ajv2020
  readonly #texts: Ajv2020

  constructor(file: string, document: JsonObject) {
    this.#file = file
    this.#document = document
    const regExp = Object.assign(linearPattern, { code: 'linearPattern' })
    const options = { strict: false, logger: false, allErrors: false, code: { regExp } } as const
    this.#strict = new Ajv2020(options)
    // What stands in paths, queries, headers and forms is text: 5 may come as "5", and a list with one member as that.
    this.#texts = new Ajv2020({ ...options, coerceTypes: 'array' })
    for (const ajv of [this.#strict, this.#texts]) {
      ajvFormats.default(ajv)
      ajv.addSchema(document, ROOT)
    }
  }

  paths(): ApiPath[] {
    const paths = this.#at(['paths'])
    if (!isJsonObject(paths)) throw invalid(this.#file, 'paths', 'there are none')
    const all = Object.keys(paths).map((template) => this.#path(template))
    const templated = ({ template }: ApiPath) => template.split('/').filter((part) => part.includes('{')).length
    return all.sort((one, other) => templated(one) - templated(other))
  }

  #path(template: string): ApiPath {
    const place = this.#resolved(['paths', template])
    const item = this.#at(place) as JsonObject
    const operations = new Map<string, ApiOperation>()
    for (const method of METHODS)
      if (item[method] !== undefined)
        operations.set(method.toUpperCase(), this.#operation([...place, method], place, `${method.toUpperCase()} ${template}`))
    return { template, matches: templateMatcher(template), operations }
  }

  #operation(place: Place, pathPlace: Place, id: string): ApiOperation {
    const parameters = new Map<string, { place: Place; value: JsonObject }>()
    for (const list of [pathPlace, place]) {
      const given = this.#at([...list, 'parameters'])
      if (!Array.isArray(given)) continue
      for (const at of given.keys()) {
        const own = this.#resolved([...list, 'parameters', String(at)])
        const value = this.#at(own) as JsonObject
        parameters.set(`${value['in']} ${value['name']}`, { place: own, value })
      }
    }
    const of = (where: string) => [...parameters.values()].filter(({ value }) => value['in'] === where)
    const query = of('query')
    const headers = of('header').filter(({ value }) => !/^(?:accept|content-type|authorization)$/i.test(String(value['name'])))
    return {
      id,
      pathParameters: this.#texts_(of('path'), (name) => name, id),
      query: this.#texts_(query, (name) => name, id) ?? (() => undefined),
      queryNames: new Set(query.map(({ value }) => String(value['name']))),
      headers: this.#texts_(headers, (name) => name.toLowerCase(), id),
      headerNames: headers.map(({ value }) => String(value['name']).toLowerCase()),
      body: this.#body([...place, 'requestBody'], id),
    }
  }

  #texts_(
    parameters: readonly { readonly place: Place; readonly value: JsonObject }[],
    named: (name: string) => string,
    id: string,
  ): Check | undefined {
    if (parameters.length === 0) return undefined
    const properties: Record<string, JsonValue> = {}
    const required: string[] = []
    for (const { place, value } of parameters) {
      const name = named(String(value['name']))
      // An object in a parameter is written in several ways; its names are known, its values are not looked at.
      const isObject = value['style'] === 'deepObject' || value['content'] !== undefined
      properties[name] = isObject || value['schema'] === undefined ? {} : { $ref: reference([...place, 'schema']) }
      if (value['required'] === true) required.push(name)
    }
    return this.#compiled(this.#texts, { type: 'object', properties, required }, id)
  }

  #body(given: Place, id: string): ApiBody | undefined {
    if (this.#at(given) === undefined) return undefined
    const place = this.#resolved(given)
    const body = this.#at(place) as JsonObject
    const content = body['content']
    const types = new Map<string, Check | undefined>()
    for (const type of isJsonObject(content ?? null) ? Object.keys(content as JsonObject) : []) {
      const schemaPlace = [...place, 'content', type, 'schema']
      const isText = /^application\/x-www-form-urlencoded/i.test(type)
      const isRead = isText || /^application\/(?:[^;]+\+)?json/i.test(type)
      const hasSchema = this.#at(schemaPlace) !== undefined
      const check =
        isRead && hasSchema
          ? this.#compiled(isText ? this.#texts : this.#strict, { $ref: reference(schemaPlace) }, id)
          : undefined
      types.set((type.split(';')[0] ?? '').trim().toLowerCase(), check)
    }
    return { isRequired: body['required'] === true, types }
  }

  #compiled(ajv: Ajv2020, schema: JsonObject, id: string): Check {
    try {
      const validate = ajv.compile(schema)
      return (value) => {
        if (validate(value)) return undefined
        const [first] = validate.errors ?? []
        return `${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`.trim()
      }
    } catch (error) {
      throw invalid(this.#file, id, messageOf(error))
    }
  }

  /** Where a reference leads, over as many as there are. */
  #resolved(place: Place): Place {
    let at = place
    for (let steps = 0; steps < 20; steps += 1) {
      const value = this.#at(at)
      const to = isJsonObject(value ?? null) ? (value as JsonObject)['$ref'] : undefined
      if (typeof to !== 'string') {
        if (!isJsonObject(value ?? null)) break
        return at
      }
      if (!to.startsWith('#/')) throw invalid(this.#file, at.join('.'), `the reference ${to} leads out of the file`)
      at = to
        .slice(2)
        .split('/')
        .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    }
    throw invalid(this.#file, place.join('.'), 'there is no such part')
  }

  #at(place: Place): JsonValue | undefined {
    let value: JsonValue | undefined = this.#document
    for (const part of place) {
      if (Array.isArray(value)) value = value[Number(part)]
      else if (isJsonObject(value ?? null))
        value = Object.hasOwn(value as JsonObject, part) ? (value as JsonObject)[part] : undefined
      else return undefined
    }
    return value
  }
}

function reference(place: Place): string {
  return `${ROOT}#/${place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`
}

/** `/pets/{id}.json` matches `/pets/7.json` with `id` 7; one segment a name. */
function templateMatcher(template: string): ApiPath['matches'] {
  const names: string[] = []
  const source = template
    .split(/(\{[^}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      names.push(part.slice(1, -1))
      return '([^/]+)'
    })
    .join('')
  const pattern = RE2JS.compile(`^${source}$`)
  const isFixed = names.length === 0
  return (path) => {
    if (isFixed) return path === template ? {} : undefined
    const matcher = pattern.matcher(path)
    if (!matcher.matches()) return undefined
    return Object.fromEntries(names.map((name, at) => [name, decoded(matcher.group(at + 1) ?? '')]))
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
