import { KanpekiError } from '../../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { targetsOf } from '../language/check.ts'
import type { ActionStep, Command, Playbook } from '../language/form.ts'
import { resolve, type Variables } from '../language/values.ts'

type HttpCommand = Extract<Command, { type: 'http-api' | 'openc2-http' }>

/**
 * The request that a command means. Values are put in as what stands there asks for: percent-encoded in the address and in
 * forms, as strings inside JSON, and never with a line break in a header.
 * @throws KanpekiError `http_command`, `variable`.
 */
export function httpInput(command: HttpCommand, step: ActionStep, playbook: Playbook, variables: Variables): JsonObject {
  const [method = '', target = ''] = command.command.trim().split(/\s+/)
  if (!/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method) || target === '')
    throw new KanpekiError('http_command', `${command.command.slice(0, 80)} is no request line.`, {
      remedy: 'Write METHOD, a space, and the path or the whole URL.',
    })
  const path = String(resolve(wholeInText(target), variables, encodeURIComponent)).trimEnd()
  const url = /^https?:\/\//.test(target) ? path : `${originOf(playbook, step)}${path.startsWith('/') ? '' : '/'}${path}`
  const headers: Record<string, string> = {}
  for (const [name, values] of Object.entries(command.headers ?? {})) {
    const value = String(resolve(wholeInText(values.join(', ')), variables)).trimEnd()
    if (/[\r\n\0]/.test(value) || !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      throw new KanpekiError('http_command', `The header ${name.slice(0, 60)} holds what no header may hold.`)
    headers[name.toLowerCase()] = value
  }
  const written =
    command.content_b64 === undefined ? ('content' in command ? command.content : undefined) : decoded(command.content_b64)
  const body = written === undefined ? {} : { content: contentOf(written, headers['content-type'] ?? '', variables) }
  return { method, url, headers, ...body, ...(command.type === 'openc2-http' ? { openc2: true } : {}) }
}

function contentOf(written: string, type: string, variables: Variables): string {
  const parsed = jsonOf(written)
  if (parsed !== undefined) return JSON.stringify(resolve(parsed, variables))
  if (/json/i.test(type)) throw new KanpekiError('http_command', 'The content is said to be JSON and is none.')
  const shape = /x-www-form-urlencoded/i.test(type) ? encodeURIComponent : (text: string) => text
  return String(resolve(wholeInText(written), variables, shape)).slice(0, -1)
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

function originOf(playbook: Playbook, step: ActionStep): string {
  for (const target of targetsOf(playbook, step)) {
    if (!isJsonObject(target) || !isJsonObject(target['address'] ?? null)) continue
    const address = target['address'] as JsonObject
    const [url] = (address['url'] ?? []) as readonly string[]
    if (url !== undefined) return url.replace(/\/$/, '')
    const host = [address['dname'], address['ipv4'], address['ipv6']].flatMap((list) => (Array.isArray(list) ? list : []))[0] as
      | string
      | undefined
    if (host === undefined) continue
    const port = typeof target['port'] === 'string' ? target['port'] : '443'
    return `${port === '80' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  }
  throw new KanpekiError('http_command', 'It is not said which server is called.', {
    remedy: 'Give the step a target of type http-api.',
  })
}

/** So that a text that is nothing but a variable is put in as text too. */
function wholeInText(text: string): string {
  return `${text} `
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
