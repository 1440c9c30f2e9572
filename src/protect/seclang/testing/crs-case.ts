import { readFileSync } from 'node:fs'
import { FAILSAFE_SCHEMA, load } from 'js-yaml'

/** One request of a regression test, in the format of the Core Rule Set's test suite, and what must come of it. */
export interface CrsStage {
  /** The bytes on the wire. */
  readonly request: Buffer
  readonly expected: {
    readonly ids: readonly number[]
    readonly noIds: readonly number[]
    readonly status: number | undefined
    readonly matches: RegExp | undefined
    readonly matchesNot: RegExp | undefined
  }
}

export interface CrsCase {
  /** `RULE-NUMBER`. */
  readonly id: string
  readonly stages: readonly CrsStage[]
}

type Yaml = { readonly [key: string]: Yaml } | readonly Yaml[] | string

/** Reads one file of tests. */
export function readCrsCases(file: string): CrsCase[] {
  const document = load(readFileSync(file, 'utf8'), { schema: FAILSAFE_SCHEMA }) as Yaml
  const rule = text(at(document, 'rule_id')) ?? /\d+/.exec(file.slice(file.lastIndexOf('/')))![0]
  return list(at(document, 'tests')).map((test, index) => ({
    id: `${rule}-${text(at(test, 'test_id')) ?? index + 1}`,
    stages: list(at(test, 'stages')).map((stage) => readStage(at(stage, 'input'), at(stage, 'output'))),
  }))
}

function readStage(input: Yaml | undefined, output: Yaml | undefined): CrsStage {
  const log = at(output, 'log')
  const expression = (name: string) => {
    const written = text(at(log, name))
    return written === undefined ? undefined : new RegExp(written)
  }
  const ids = (name: string) => list(at(log, name)).map(Number)
  const status = text(at(output, 'status'))
  return {
    request: buildRequest(input!),
    expected: {
      ids: ids('expect_ids'),
      noIds: ids('no_expect_ids'),
      status: status === undefined ? undefined : Number(status),
      matches: expression('match_regex'),
      matchesNot: expression('no_match_regex'),
    },
  }
}

function buildRequest(input: Yaml): Buffer {
  const encoded = text(at(input, 'encoded_request'))
  if (encoded !== undefined && encoded !== '') return Buffer.from(encoded, 'base64')
  const headers = readHeaders(input)
  const value = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1]
  const method = text(at(input, 'method')) ?? 'GET'
  const auto = flag(at(input, 'autocomplete_headers')) ?? flag(at(input, 'stop_magic')) !== true
  const data = text(at(input, 'data'))
  let body: Buffer =
    data === undefined ? Buffer.from(text(at(input, 'encoded_data')) ?? '', 'base64') : Buffer.from(template(data))
  if (body.length > 0 && auto) {
    if (value('content-type') === undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded'])
    if (value('content-type')!.toLowerCase() === 'application/x-www-form-urlencoded') body = encodeForm(body)
  }
  if (value('content-type')?.toLowerCase().includes('multipart/form-data;')) {
    body = Buffer.from(body.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
  }
  if (auto) {
    if (value('connection') === undefined) headers.push(['Connection', 'close'])
    if (value('content-length') === undefined && (body.length > 0 || /^POST|PUT|PATCH|DELETE$/.test(method))) {
      headers.push(['Content-Length', String(body.length)])
    }
  }
  const version = text(at(input, 'version')) ?? 'HTTP/1.1'
  const lines = [`${method} ${text(at(input, 'uri')) ?? '/'} ${version}`, ...headers.map(([name, line]) => `${name}: ${line}`)]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
}

/** YAML 1.1 has several words for it. */
function flag(node: Yaml | undefined): boolean | undefined {
  const written = text(node)
  return written === undefined ? undefined : /^(?:true|yes|on)$/i.test(written)
}

function readHeaders(input: Yaml): [string, string][] {
  const ordered = list(at(input, 'ordered_headers'))
  if (ordered.length > 0) return ordered.map((header) => [text(at(header, 'name')) ?? '', text(at(header, 'value')) ?? ''])
  const headers = at(input, 'headers')
  if (headers === undefined || typeof headers === 'string') return []
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name, text(value) ?? ''])
    .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
}

/** `{{ "a" | repeat 3 }}`, the one form of template that the tests use. */
function template(written: string): string {
  return written.replace(/\{\{-?\s*"((?:[^"\\]|\\.)*)"\s*\|\s*repeat\s+(\d+)\s*-?\}\}/g, (_, one: string, times: string) =>
    (JSON.parse(`"${one}"`) as string).repeat(Number(times)),
  )
}

/** A form that is not yet encoded becomes so; one that is stays as it is. */
function encodeForm(body: Buffer): Buffer {
  const written = body.toString('latin1')
  const decoded = /%(?![0-9a-fA-F]{2})/.test(written)
    ? undefined
    : written
        .replaceAll('+', ' ')
        .replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  if (decoded !== written) return body
  const parts = written.split('&').map((part) => {
    const equals = part.indexOf('=')
    return equals < 0 ? percentEncode(part) : `${percentEncode(part.slice(0, equals))}=${percentEncode(part.slice(equals + 1))}`
  })
  return Buffer.from(parts.join('&'), 'latin1')
}

function percentEncode(part: string): string {
  return part.replace(/[^A-Za-z0-9\-_.~]/g, (sign) =>
    sign === ' ' ? '+' : `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

function at(node: Yaml | undefined, key: string): Yaml | undefined {
  return node === undefined || typeof node === 'string' ? undefined : (node as { readonly [key: string]: Yaml })[key]
}

function list(node: Yaml | undefined): readonly Yaml[] {
  return Array.isArray(node) ? node : []
}

function text(node: Yaml | undefined): string | undefined {
  return typeof node === 'string' ? node : undefined
}
