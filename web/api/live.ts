import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { LIVE_TOPICS, type LiveTopic, liveChangeSchema } from '../../src/server/schema.ts'
import { withScope } from './scope.ts'

/** Which cached questions a topic makes stale: the first word of a query's key is its topic or one of these. */
const ALSO: Readonly<Record<LiveTopic, readonly string[]>> = {
  alerts: ['overview'],
  incidents: ['exercises', 'overview', 'playbooks'],
  cards: ['overview'],
  sources: ['overview'],
  ledger: ['overview'],
  rules: [],
}

/** At most one refresh in this many milliseconds: a flood of events must not become a flood of requests. */
const QUIET = 1000

/**
 * Follows `/api/v1/live` while the page is open and visible, and asks again for what has changed.
 * Returns whether the line is up. The browser reconnects by itself; after an outage everything is asked again.
 */
export function useLive(enabled: boolean, scope: string): boolean {
  const client = useQueryClient()
  const [connected, setConnected] = useState(false)
  useEffect(() => {
    if (!enabled) return
    const pending = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    let broken = false
    const flush = (): void => {
      timer = undefined
      const topics = new Set(pending)
      pending.clear()
      void client.invalidateQueries({ predicate: (query) => topics.has(String(query.queryKey[0])) })
    }
    const note = (topics: readonly LiveTopic[]): void => {
      for (const topic of topics) {
        pending.add(topic)
        for (const also of ALSO[topic]) pending.add(also)
      }
      timer ??= setTimeout(flush, QUIET)
    }
    const source = new EventSource(withScope('/api/v1/live'))
    source.addEventListener('open', () => {
      setConnected(true)
      if (broken) note(LIVE_TOPICS)
      broken = false
    })
    source.addEventListener('error', () => {
      broken = true
      setConnected(false)
    })
    source.addEventListener('change', (event) => {
      const change = liveChangeSchema.safeParse(JSON.parse(event.data))
      if (change.success) note(change.data.topics)
    })
    return () => {
      source.close()
      clearTimeout(timer)
    }
  }, [client, enabled, scope])
  return connected
}
