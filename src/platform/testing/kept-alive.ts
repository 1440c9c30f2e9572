import { existsSync, readFileSync } from 'node:fs'

const ESTABLISHED = '01'
/** Of `tr` in /proc/net/tcp: the keep-alive timer. */
const KEEP_ALIVE_TIMER = '02'

export const canSeeTimers = existsSync('/proc/net/tcp')

/** What the kernel waits for on the connections of a local port (proc_net_tcp(5), `tr`). Linux only. */
export function timersOf(port: number): readonly string[] {
  const place = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(place) === true && state === ESTABLISHED)
    .map((fields) => fields[5]?.slice(0, 2) ?? '')
}

/** Whether the kernel asks after the peers of a port's connections; undefined while there are none. Linux only. */
export function keptAlive(port: number): boolean | undefined {
  const timers = timersOf(port)
  return timers.length === 0 ? undefined : timers.every((timer) => timer === KEEP_ALIVE_TIMER)
}
