import type { ParseContext } from '../../../kernel/event.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { fillMissing } from '../../normalise/draft.ts'
import { frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'
import { bindTime } from '../../normalise/time.ts'
import { readDnsMessage } from './message.ts'

/** A name has 255 bytes at most; longer lines are none of a resolver's. */
const MAX_LINE = 4_096
const BIND_OR_DNSMASQ = /(?:#\d{1,5}(?: \([^)]{0,300}\))?: .{0,80}(?:query|transfer|update)|query\[\w+\] )/
const UNBOUND = / info: [0-9a-fA-F.:]+ \S+ [A-Z0-9]+ (?:IN|CH|HS|ANY)$/

/**
 * Queries that a resolver logs: BIND (`querylog`, and what it refused), dnsmasq (`log-queries`), Unbound (`log-queries`),
 * through syslog or from BIND's own file.
 */
export const dnsLog: Parser = {
  id: 'dns-log',

  accepts({ text }) {
    if (text === undefined || text.length > MAX_LINE) return false
    return text.includes('query[') || text.includes('#') ? BIND_OR_DNSMASQ.test(text) : UNBOUND.test(text)
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'a resolver’s log record is text; this is JSON' }
    if (text.length > MAX_LINE) return { unknown: 'longer than a resolver’s line can be' }
    const frame = readSyslog(text, context)
    const { observed, rest } = bindLine(frame?.message ?? text, context)
    const made = readDnsMessage(rest)
    if (made === undefined) return { unknown: 'a resolver’s line that tells of no query' }
    fillMissing(made, frame === undefined ? { message: text } : frameDocument(frame), 2)
    return [{ observed: observed ?? frame?.observed, ecs: made }]
  },
}

/** BIND writes its own time before the message if `print-time` is on. */
function bindLine(line: string, { zoneMinutes }: ParseContext): { readonly observed: number | undefined; readonly rest: string } {
  const observed = bindTime(line.slice(0, 24), zoneMinutes)
  return { observed, rest: observed === undefined ? line : line.slice(25) }
}
