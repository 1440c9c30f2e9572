import type { ServerResponse } from 'node:http'

/** The requests that are being answered now, so that a stop can wait for them. */
export interface InFlight {
  begin(response: ServerResponse): void
  /** From now on connections are not kept. Resolves when all that must be answered is, at the latest after `limitMs`. */
  finish(limitMs: number): Promise<void>
}

/** Streams of events never end by themselves, and nothing is lost when one is cut. */
const ENDLESS = 'text/event-stream'

export function inFlight(): InFlight {
  const open = new Set<ServerResponse>()
  let finishing: (() => void) | undefined
  const look = (): void => {
    if ([...open].every((response) => String(response.getHeader('content-type')).startsWith(ENDLESS))) finishing?.()
  }
  return {
    begin(response) {
      open.add(response)
      if (finishing !== undefined) response.shouldKeepAlive = false
      response.once('close', () => {
        open.delete(response)
        look()
      })
    },
    async finish(limitMs) {
      for (const response of open) response.shouldKeepAlive = false
      const { promise, resolve } = Promise.withResolvers<void>()
      finishing = resolve
      const timer = setTimeout(resolve, limitMs)
      look()
      await promise
      clearTimeout(timer)
    },
  }
}
