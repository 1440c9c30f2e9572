import type { ParseContext } from '../../../kernel/event.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { fillMissing } from '../../normalise/draft.ts'
import { frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'
import { bindTime } from '../../normalise/time.ts'
import { readDnsMessage } from './message.ts'

/** A name has 255 bytes at most; longer lines are none of a resolver's. */
const MAX_LINE = 4_096
const BIND = /#\d{1,5}(?: \([^)]{0,300}\))?: .{0,80}(?:query|transfer|update|rpz)/
const DNSMASQ = /dnsmasq(?:\[\d{1,10}\])?: (?:\d+ \S+ )?(?:query\[[\w=]+\]|(?:reply|cached|config|hosts|\/\S+) \S+ is) /
const UNBOUND = / info: [0-9a-fA-F.:]+ \S+ [A-Z0-9]+ (?:IN|CH|HS|ANY)(?: [A-Z]+ \d+\.\d+ [01] \d+)?$/

/**
 * What a resolver logs of queries: BIND (`querylog`, what it refused, response policy zones), dnsmasq (`log-queries`, with the
 * answers), Unbound (`log-queries`, `log-replies`), through syslog or from their own files.
 */
export const dnsLog: Parser = {
  id: 'dns-log',

  accepts({ text }) {
    if (text === undefined || text.length > MAX_LINE) return false
    if (text.includes('dnsmasq')) return DNSMASQ.test(text)
    return (text.includes('#') && BIND.test(text)) || (text.includes(' info: ') && UNBOUND.test(text))
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'a resolver’s log record is text; this is JSON' }
    if (text.length > MAX_LINE) return { unknown: 'longer than a resolver’s line can be' }
    const frame = readSyslog(text, context)
    const { observed, rest } = ownLine(frame?.message ?? text, context)
    const made = readDnsMessage(rest)
    if (made === undefined) return { unknown: 'a resolver’s line that tells of no query' }
    fillMissing(made, frame === undefined ? { message: text } : frameDocument(frame), 2)
    return [{ observed: observed ?? frame?.observed, ecs: made }]
  },
}

const EPOCH = /^\[(\d{9,10})\] (?=unbound\[)/

/** BIND writes its own time before the message if `print-time` is on, Unbound the seconds since 1970. */
function ownLine(line: string, { zoneMinutes }: ParseContext): { readonly observed: number | undefined; readonly rest: string } {
  const epoch = EPOCH.exec(line)
  if (epoch !== null) return { observed: Number(epoch[1]) * 1000, rest: line.slice(epoch[0].length).replace(/^unbound/, '') }
  const observed = bindTime(line.slice(0, 24), zoneMinutes)
  return { observed, rest: observed === undefined ? line : line.slice(25) }
}
