import type { ParsedEvent } from '../../../kernel/event.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import type { Draft } from '../../normalise/draft.ts'
import { frameDocument, readSyslog, type SyslogFrame } from '../../normalise/syslog-frame.ts'
import { accountRules } from './accounts.ts'
import { pamRules } from './pam.ts'
import { applyRules, type MessageRule, relate } from './rule.ts'
import { cronRules, logindRules, loginRules } from './sessions.ts'
import { sshdRules } from './sshd.ts'
import { sudoRules, suRules } from './sudo-su.ts'

const PROGRAMS: ReadonlyMap<string, readonly MessageRule[]> = new Map([
  ['sshd', sshdRules],
  ['sshd-session', sshdRules],
  ['sshd-auth', sshdRules],
  ['sudo', sudoRules],
  ['su', suRules],
  ['su-l', suRules],
  ['login', loginRules],
  ['systemd-logind', logindRules],
  ['CRON', cronRules],
  ['cron', cronRules],
  ['crond', cronRules],
  ['crontab', cronRules],
  ...['useradd', 'usermod', 'userdel', 'groupadd', 'groupmod', 'groupdel', 'gpasswd', 'passwd', 'chpasswd', 'chage'].map(
    (program) => [program, accountRules] as const,
  ),
])

/** rsyslog folds equal lines: `message repeated 5 times: [ … ]`. */
const REPEATED = /^message repeated (\d{1,9}) times?: \[ ?(.*?)\]?$/s

/** Longer messages are no program's, and patterns need not meet them. */
const MAX_MESSAGE = 8_192

/** Events made of one folded line at most; the line itself says how many there were. */
const MAX_REPEATED = 100

/**
 * Sign-ins, privileges and accounts of a Linux host, from syslog lines of sshd, sudo, su, PAM, cron, systemd-logind and
 * shadow-utils. A folded line becomes as many events as it stands for, so that five refused passwords count as five.
 * A line of these programs that says nothing about access is kept with its header alone.
 */
export const linuxAuth: Parser = {
  id: 'linux-auth',

  accepts({ text }) {
    return text !== undefined && PROGRAM.test(text)
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'an auth log record is text; this is JSON' }
    const frame = readSyslog(text, context)
    if (frame === undefined) return { unknown: 'no syslog header: neither <priority> nor a time at its beginning' }
    const program = frame.app?.slice(frame.app.lastIndexOf('/') + 1) ?? ''
    if (!PROGRAMS.has(program) && !isPam(frame.message)) {
      return { unknown: `no program of the auth log: ${program === '' ? 'the line names none' : program.slice(0, 64)}` }
    }
    const rules = PROGRAMS.get(program) ?? []
    const repeated = frame.message.length > MAX_MESSAGE ? null : REPEATED.exec(frame.message)
    if (repeated === null) return [eventOf(frame, frame.message, rules)]
    const count = Math.min(Number(repeated[1]), MAX_REPEATED)
    return Array.from({ length: Math.max(count, 1) }, () => eventOf(frame, repeated[2]!, rules))
  },
}

/** Cheap and sometimes wrong: a program's name in the place of a tag, or a PAM line, near the beginning. */
const PROGRAM =
  /^.{0,120}?(?:[\s/](?:sshd(?:-session|-auth)?|sudo|su(?:-l)?|login|systemd-logind|cron(?:d|tab)?|CRON|user(?:add|mod|del)|group(?:add|mod|del)|g?passwd|chpasswd|chage)(?:\[\d+\]:|: | \d+ \S+ |\s- )|: pam_\w+\()/

function isPam(message: string): boolean {
  return message.startsWith('pam_') && message.includes('(')
}

function eventOf(frame: SyslogFrame, message: string, rules: readonly MessageRule[]): ParsedEvent {
  const doc: Draft = frameDocument(frame)
  if (message.length > MAX_MESSAGE) return { observed: frame.observed, ecs: doc }
  if (applyRules(pamRules, message, doc) || applyRules(rules, message, doc)) relate(doc)
  return { observed: frame.observed, ecs: doc }
}
