import type { JsonObject } from '../../kernel/json.ts'
import { clientKey } from '../logins/address-network.ts'
import { BoundedMap } from '../logins/bounded-map.ts'
import { SlidingCount, SlidingSet } from '../logins/window.ts'
import { stopPage } from '../proxy/block-page.ts'
import { headerOf } from '../proxy/http1/headers.ts'
import type { Inspected, Inspector } from '../proxy/inspection.ts'
import type { ResponseHead } from '../transaction.ts'
import { below } from './below.ts'
import { pathOf } from './inspectors.ts'
import type { BotSettings } from './settings.ts'

export const BOT_RULES = { scanner: 7_390_030, trap: 7_390_031 } as const
type BotSignal = keyof typeof BOT_RULES

/** Answers that say that something is not there, or not for this client. */
const MISSES = new Set([400, 401, 403, 404, 405, 410])
const BUCKETS = 10
const MOST_PATHS = 256

interface Client {
  readonly misses: SlidingCount
  readonly paths: SlidingSet
  signal: BotSignal | undefined
  until: number
}

/**
 * Knows clients that look for what is not there, and those that ask for what only a program finds. Each worker counts by itself,
 * so that several together see so many times as much. Memory is bounded: clients seen longest ago make room.
 */
export function botInspector(settings: BotSettings, tell: (event: JsonObject) => void, now: () => number): Inspector {
  const window = { length: settings.seconds * 1000, buckets: BUCKETS }
  const clients = new BoundedMap<Client>(settings.mostClients)
  const clientOf = (about: Inspected): Client => {
    const key = clientKey(about.client)
    let client = clients.get(key)
    if (client === undefined) {
      client = { misses: new SlidingCount(window), paths: new SlidingSet(window, MOST_PATHS), signal: undefined, until: 0 }
      clients.set(key, client)
    }
    return client
  }
  const isTrap = below(settings.traps)
  const raise = (signal: BotSignal, client: Client, about: Inspected): void => {
    const isNew = client.until < now()
    client.signal = signal
    client.until = now() + settings.holdSeconds * 1000
    clients.keep(clientKey(about.client))
    if (isNew) tell(botEvent(signal, client, about, now()))
  }
  return {
    begin: (about) => {
      const client = clientOf(about)
      let head: ResponseHead | undefined
      return {
        requestBytes: 0,
        request: () => {
          if (isTrap(pathOf(about))) raise('trap', client, about)
          const { signal } = client
          if (signal === undefined || client.until < now()) return undefined
          const ruleId = BOT_RULES[signal]
          const messages = [{ id: ruleId, msg: TITLES[signal], data: about.client, var: 'REMOTE_ADDR' }]
          if (settings.answer === 'watch') return { messages }
          const page = stopPage('blocked', 403, about.reference, about.request.headers)
          return { messages, stop: { interruption: { ruleId, action: 'deny', status: 403 }, page } }
        },
        answerHead: (seen) => {
          head = seen
          return { bytes: 0, hold: false }
        },
        answer: () => undefined,
        over: () => {
          if (head === undefined || !MISSES.has(head.status)) return
          const at = now()
          client.misses.add(at)
          client.paths.add(hash31(pathOf(about)), at)
          if (client.misses.count(at) >= settings.misses && client.paths.count(at) >= settings.paths)
            raise('scanner', client, about)
        },
      }
    },
  }
}

const TITLES = {
  scanner: 'The client looks for what is not there',
  trap: 'The client asked for what only a program finds',
} as const

function botEvent(signal: BotSignal, client: Client, about: Inspected, at: number): JsonObject {
  const agent = headerOf(about.request.headers, 'user-agent')
  const host = headerOf(about.request.headers, 'host')?.replace(/:\d+$/, '')
  return {
    '@timestamp': new Date(at).toISOString(),
    event: {
      kind: 'alert',
      module: 'waf',
      dataset: 'waf.signal',
      action: `client-${signal}`,
      category: ['web', 'intrusion_detection'],
      type: ['info'],
    },
    source: { ip: about.client },
    related: { ip: [about.client] },
    http: { request: { id: about.reference, method: about.request.method } },
    url: { path: pathOf(about).slice(0, 1024), ...(host === undefined ? {} : { domain: host }) },
    ...(agent === undefined ? {} : { user_agent: { original: Buffer.from(agent.slice(0, 512), 'latin1').toString('utf8') } }),
    waf: { client: { signal, misses: client.misses.count(at), paths: client.paths.count(at) } },
  }
}

/** FNV-1a, 31 bits of it. */
function hash31(text: string): number {
  let value = 2_166_136_261
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 16_777_619) >>> 0
  return value >>> 1
}
