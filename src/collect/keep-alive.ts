/**
 * For servers of senders that only ever write: one that lost its power or its firewall's memory sends no end, and each of its old
 * connections would count against the bound on connections for ever. The kernel asks after a minute of silence and gives up in time.
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 } as const
