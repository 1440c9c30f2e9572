import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint } from '../../normalise/address.ts'
import { type Draft, integer, put, putObject } from '../../normalise/draft.ts'
import { eventOf, readFramed } from '../../normalise/framed.ts'
import { isoTime } from '../../normalise/time.ts'

/** `2026-01-15 20:00:00,123 fail2ban.actions        [1234]: NOTICE  [sshd] Ban …`, before 0.9 without the process id. */
const LINE =
  /^(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) )?(?:fail2ban\.)?(\w{3,20}) *(?:\[(\d{1,10})\])?: (DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|HEAVYDEBUG|TRACEDEBUG) +(?:\[([^\]]{1,128})\] )?(.*)$/s
/** A syslog header may name the component as its program. */
const TAGGED = /^(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL) +(?:\[([^\]]{1,128})\] )?(.*)$/s
const MARK = /fail2ban[.-]/
const HEAD = 200

/** fail2ban's own log: what it found, banned and set free again, also through syslog. */
export const fail2ban: Parser = {
  id: 'fail2ban',

  accepts({ text }) {
    return text !== undefined && MARK.test(text.length > HEAD ? text.slice(0, HEAD) : text)
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'a fail2ban record is text; this is JSON' }
    const head = text.slice(0, HEAD)
    const plain = MARK.test(head) ? readFramed(text, context, readLine) : undefined
    const framed = plain ?? (MARK.test(head) ? readFramed(text, context, readTagged) : undefined)
    if (framed === undefined || (plain === undefined && framed.program?.startsWith('fail2ban.') !== true)) {
      return { unknown: 'not a line of fail2ban’s: time, component, [pid], level' }
    }
    const { doc, line } = framed
    const { time, pid, level, jail, message } = line
    const component = line.component ?? framed.program!.slice('fail2ban.'.length)
    const event = eventOf(doc)
    event['module'] = 'fail2ban'
    event['dataset'] = 'fail2ban.log'
    event['provider'] = `fail2ban.${component}`
    doc['log'] = { ...(doc['log'] as Draft | undefined), level }
    const process: Draft = { ...(doc['process'] as Draft | undefined), name: 'fail2ban-server' }
    put(process, 'pid', integer(pid))
    doc['process'] = process
    if (jail !== undefined) {
      doc['rule'] = { name: jail }
      doc['fail2ban'] = { jail }
    }
    tell(doc, message)
    if (level === 'ERROR' || level === 'CRITICAL') event['type'] ??= ['error']
    const observed = time === undefined ? undefined : isoTime(time, context.zoneMinutes)
    return [{ observed: observed ?? framed.observed, ecs: doc }]
  },
}

interface Line {
  readonly time: string | undefined
  readonly component: string | undefined
  readonly pid: string | undefined
  readonly level: string
  readonly jail: string | undefined
  readonly message: string
}

function readLine(text: string): Line | undefined {
  const match = LINE.exec(text)
  if (match === null) return undefined
  const [, time, component, pid, level = '', jail, message = ''] = match
  return { time, component, pid, level, jail, message }
}

function readTagged(text: string): Line | undefined {
  const match = TAGGED.exec(text)
  if (match === null) return undefined
  const [, level = '', jail, message = ''] = match
  return { time: undefined, component: undefined, pid: undefined, level, jail, message }
}

interface Act {
  readonly starts: string
  readonly action: string
  readonly category: readonly string[]
  readonly type: readonly string[]
}

const ACTS: readonly Act[] = [
  { starts: 'Restore Ban ', action: 'restored-ban', category: ['intrusion_detection', 'network'], type: ['denied', 'info'] },
  { starts: 'Increase Ban ', action: 'increased-ban', category: ['intrusion_detection', 'network'], type: ['denied', 'info'] },
  { starts: 'Ban ', action: 'banned', category: ['intrusion_detection', 'network'], type: ['denied'] },
  { starts: 'Unban ', action: 'unbanned', category: ['intrusion_detection', 'network'], type: ['allowed'] },
  { starts: 'Found ', action: 'found', category: ['intrusion_detection'], type: ['info'] },
  { starts: 'Ignore ', action: 'ignored', category: ['intrusion_detection'], type: ['info'] },
]

const ALREADY = /^(\S{1,64}) already banned/
const SUBNET = /\/(\d{1,3})$/

function tell(doc: Draft, message: string): void {
  const event = eventOf(doc)
  const already = ALREADY.exec(message)
  const act = already === null ? ACTS.find(({ starts }) => message.startsWith(starts)) : undefined
  const target = already?.[1] ?? (act === undefined ? undefined : message.slice(act.starts.length).split(' ', 1)[0])
  if (target === undefined) return
  event['action'] = act?.action ?? 'already-banned'
  event['category'] = act?.category === undefined ? ['intrusion_detection'] : [...act.category]
  event['type'] = act?.type === undefined ? ['info'] : [...act.type]
  event['outcome'] = 'success'
  const source = endpoint(target.replace(SUBNET, ''), undefined)
  put(doc, 'source', source)
  const relation: Draft = {}
  const ip = source?.['ip']
  put(relation, 'ip', ip === undefined ? undefined : [ip])
  putObject(doc, 'related', relation)
}
