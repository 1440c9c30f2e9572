import { integer, known } from '../../normalise/draft.ts'
import { accessTime } from '../../normalise/time.ts'
import { type AccessLine, NO_EXTRAS, quotedAfter, requestOf } from './line.ts'

/** `[time] [cache upstream-status ]status - METHOD scheme host "target" [Client a] [Length n] [Gzip r][ [Sent-to s]] "agent" "referrer"` */
const MANAGED =
  /^(?:(\S{1,16}) (-|\d{3}(?:, \d{3})*) )?(\d{3}) - ([A-Z]{1,32}|-) (https?|-) (\S{1,256}) "((?:[^"\\]|\\.)*)" \[Client ([^\]]{1,64})\] \[Length (\d{1,19}|-)\] \[Gzip ([^\]]{1,16})\](?: \[Sent-to ([^\]]{1,256})\])? /

/** `[time] host client seconds "request" status body-bytes bytes referrer agent`, the last two without quotation marks. */
const TIMED = /^(\S{1,256}) ([0-9a-fA-F.:]{2,45}) (\d{1,7}\.\d{3}) "/
const TIMED_TAIL = /^" (\d{3}) (\d{1,19}) (\d{1,19}) (\S+) (.*)$/s

const TIME_LENGTH = 26

/** Access logs that begin with their time: those of nginx-proxy-manager's proxies. */
export function readTimeFirst(text: string): AccessLine | undefined {
  if (text.charCodeAt(0) !== 91 || text.charCodeAt(TIME_LENGTH + 1) !== 93) return undefined
  const observed = accessTime(text.slice(1, TIME_LENGTH + 1))
  if (observed === undefined) return undefined
  const rest = text.slice(TIME_LENGTH + 3)
  return managed(rest, observed) ?? timed(rest, observed)
}

function managed(rest: string, observed: number): AccessLine | undefined {
  const match = MANAGED.exec(rest)
  if (match === null) return undefined
  const [whole, cache, upstreamStatus, status, method, scheme, host, target, client, length, gzip, sentTo] = match
  const [agent, referrer] = quotedAfter(rest, whole.length)
  return {
    ...NO_EXTRAS,
    observed,
    virtualHost: known(host),
    client: known(client),
    method: known(method),
    target: known(target),
    status: integer(status),
    bytes: integer(known(length)),
    referrer: known(referrer),
    agent: known(agent),
    scheme: known(scheme),
    gzipRatio: known(gzip),
    upstream: { server: known(sentTo), status: known(upstreamStatus), cache: known(cache) },
  }
}

function timed(rest: string, observed: number): AccessLine | undefined {
  const head = TIMED.exec(rest)
  if (head === null) return undefined
  const [whole, host, client, seconds] = head
  for (let quote = rest.indexOf('" ', whole.length); quote >= 0; quote = rest.indexOf('" ', quote + 1)) {
    const tail = TIMED_TAIL.exec(rest.slice(quote))
    if (tail === null) continue
    const [, status, body, bytes, referrer, agent] = tail
    return {
      ...NO_EXTRAS,
      observed,
      virtualHost: host === '_' ? undefined : known(host),
      client,
      ...requestOf(rest.slice(whole.length, quote)),
      status: integer(status),
      bytes: integer(body),
      referrer: known(referrer),
      agent: known(agent),
      seconds: Number(seconds),
      totalBytes: integer(bytes),
    }
  }
  return undefined
}
