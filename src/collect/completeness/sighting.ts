import { DEFAULT_SCOPE, type StoredEvent } from '../../kernel/event.ts'
import { isJsonObject, type JsonValue } from '../../kernel/json.ts'
import { minimumKindsOf } from '../minimum-events/classify.ts'
import { numbersOf } from './numbers-of.ts'

/** The longest name of a host (RFC 1035); longer ones are no hosts. */
const MAX_HOST = 253

/** What an event says about its host, its numbers and the kinds of events that arrive. Times are milliseconds UTC. */
export interface Sighting {
  readonly scope: string
  readonly source: string
  /** The scope that keeps the source's accounts. */
  readonly home: string
  readonly observed: number
  readonly received: number
  /** Which of the minimum kinds it is, as bits. */
  readonly kinds: number
  /** Undefined where there is none, or where its times say nothing about it. */
  readonly host: string | undefined
  readonly stream: string | undefined
  readonly number: number
  /** The same number in other streams: few senders have it. */
  readonly further: readonly (readonly [stream: string, number: number])[] | undefined
}

type Seen = Pick<StoredEvent, 'scope' | 'source' | 'observed' | 'received' | 'doc'>

/** Undefined for events that say nothing: our own about ourselves, and those without host or kind. */
export function sightingOf({ scope, source, observed, received, doc }: Seen): Sighting | undefined {
  if (source.startsWith('kanpeki:')) return undefined
  const kinds = minimumKindsOf(doc)
  // An import is of the past: its times say nothing of a clock, nor its end of silence.
  const host = source.startsWith('import') ? undefined : nameOf(doc['host'])
  if (host === undefined && kinds === 0) return undefined
  let stream: string | undefined
  let number = 0
  let further: (readonly [string, number])[] | undefined
  if (host !== undefined)
    numbersOf(doc, source, (name, value) => {
      if (stream === undefined) {
        stream = name
        number = value
      } else {
        further ??= []
        further.push([name, value])
      }
    })
  const own = doc['kanpeki']
  // Where an event was handed over, the shared scope keeps the accounts.
  const home = isJsonObject(own) && own['from'] === DEFAULT_SCOPE ? DEFAULT_SCOPE : scope
  return { scope, source, home, observed, received, kinds, host, stream, number, further }
}

function nameOf(host: JsonValue | undefined): string | undefined {
  const name = isJsonObject(host) ? (host['name'] ?? host['hostname']) : undefined
  return typeof name === 'string' && name !== '' && name.length <= MAX_HOST ? name : undefined
}
