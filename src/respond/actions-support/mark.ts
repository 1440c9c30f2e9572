import { createHash } from 'node:crypto'

/** What other systems find a step by: of its key, but with nothing in it that could mean something to them. */
export function markOf(key: string): string {
  return `kanpeki-${createHash('sha256').update(key).digest('hex').slice(0, 24)}`
}
