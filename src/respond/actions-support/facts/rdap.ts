import { isIP } from 'node:net'
import { KanpekiError } from '../../../kernel/error.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { textAt, under } from '../call.ts'
import { oneLine } from '../plain-text.ts'

/**
 * Who registered an address or a domain, by RDAP (RFC 9082, 9083), which took WHOIS's place. The server that is set up may lead on to the
 * registry in charge; each hop is checked like the first.
 * @returns undefined where nothing is registered.
 */
export async function registrationOf(
  outgoing: Outgoing,
  { settings }: Pick<ConnectionOf<'rdap'>, 'settings'>,
  value: string,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const reply = await outgoing.fetch(under(settings.url, [isIP(value) === 0 ? 'domain' : 'ip', value]), {
    headers: { accept: 'application/rdap+json' },
    signal,
    maxBytes: 1024 * 1024,
  })
  if (reply.status === 404) return undefined
  if (!reply.ok) throw new KanpekiError('service_refused', `The registry answered ${reply.status}.`)
  const json: unknown = await reply.json()
  const facts: Record<string, string | string[]> = {}
  for (const name of ['handle', 'name', 'country', 'startAddress', 'endAddress', 'ldhName']) {
    const text = textAt(json, name)
    if (text !== undefined) facts[name] = oneLine(text, 200)
  }
  for (const event of listOf(json, 'events'))
    if (textAt(event, 'eventAction') === 'registration') facts['registered'] = oneLine(textAt(event, 'eventDate') ?? '', 40)
  const abuse = entitiesOf(json)
    .filter((entity) => listOf(entity, 'roles').includes('abuse'))
    .flatMap(mailsOf)
  if (abuse.length > 0) facts['abuse'] = [...new Set(abuse)].slice(0, 5)
  return facts
}

function listOf(json: unknown, name: string): readonly unknown[] {
  const list = typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined
  return Array.isArray(list) ? list : []
}

/** Those of the object, and those within them. */
function entitiesOf(json: unknown, depth = 0): readonly unknown[] {
  return depth > 3 ? [] : listOf(json, 'entities').flatMap((one) => [one, ...entitiesOf(one, depth + 1)])
}

/** jCard (RFC 7095): properties are lists of name, parameters, type and value. */
function mailsOf(entity: unknown): readonly string[] {
  const [, properties] = listOf(entity, 'vcardArray')
  return (Array.isArray(properties) ? (properties as unknown[]) : []).flatMap((property) => {
    const text = Array.isArray(property) && property[0] === 'email' ? textAt(property, 3) : undefined
    return text === undefined ? [] : [oneLine(text, 254)]
  })
}
