import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Pool, type PoolLimits } from './pool.ts'
import type { UpstreamTarget } from './upstream-connection.ts'

/** How an application is asked whether it lives. Times in milliseconds. */
export interface HealthCheck {
  /** Any answer below 500 to a GET of it is a sign of life. */
  readonly path: string
  readonly every: number
  readonly time: number
  /** This many failures in a row take an application out; one success brings it back. */
  readonly failures: number
}

export interface Upstreams {
  /** The next one that lives, in turn; undefined where none does. */
  readonly pick: () => Pool | undefined
  readonly states: () => readonly { readonly url: string; readonly isUp: boolean }[]
  readonly close: () => void
}

/** The instances of an application. `changed` is told when one is taken out or comes back. */
export function openUpstreams(
  urls: readonly string[],
  limits: PoolLimits,
  health: HealthCheck | undefined,
  changed: (text: string) => void,
): Upstreams {
  const members = urls.map((url) => ({ url, pool: new Pool(targetOf(new URL(url)), limits), failures: 0, isUp: true }))
  let turn = 0
  const check = (member: (typeof members)[number], how: HealthCheck) =>
    probe(new URL(how.path, member.url), how.time).then((failure) => {
      member.failures = failure === undefined ? 0 : member.failures + 1
      const isUp = failure === undefined || (member.isUp && member.failures < how.failures)
      if (isUp !== member.isUp) changed(isUp ? `${member.url} answers again` : `${member.url} is taken out: ${failure}`)
      member.isUp = isUp
    })
  const timer =
    health === undefined
      ? undefined
      : setInterval(() => {
          for (const member of members) void check(member, health)
        }, health.every)
  timer?.unref()
  return {
    pick: () => {
      for (let step = 0; step < members.length; step += 1) {
        turn = (turn + 1) % members.length
        const member = members[turn]!
        if (member.isUp) return member.pool
      }
      return undefined
    },
    states: () => members.map(({ url, isUp }) => ({ url, isUp })),
    close: () => {
      clearInterval(timer)
      for (const { pool } of members) pool.end()
    },
  }
}

/** Why an application does not live; undefined where it does. The addresses are the operator's own. */
function probe(url: URL, time: number): Promise<string | undefined> {
  return new Promise((tell) => {
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = ask(url, { agent: false, signal: AbortSignal.timeout(time) }, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      tell(status < 500 ? undefined : `it answered ${status}`)
    })
    request.on('error', (error) => tell(error.message))
    request.end()
  })
}

function targetOf(url: URL): UpstreamTarget {
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  return { host, port, ...(isTls ? { tls: { serverName: host } } : {}) }
}
