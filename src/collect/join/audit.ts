/** Where a line of the audit system belongs. */
export interface AuditLine {
  readonly type: string
  /** Node, time and serial: the same for all records of one event. */
  readonly key: string
  /** Milliseconds UTC. */
  readonly at: number
  /** Written by a program, never in company. */
  readonly alone: boolean
  /** The last or the last but one of its event. */
  readonly ends: boolean
}

/** Types that programs write (1100–1299, 2000–2999) and the audit daemon's own: always one record. */
const ALONE = /^(?:USER|CRED|DAEMON|SERVICE|SYSTEM|ADD|DEL|GRP|ACCT|ROLE|CRYPTO|VIRT|CHUSER|CHGRP|USYS|TRUSTED|RESP|SOFTWARE)_/

const LINE =
  /(?:^|[ :])(?:node=(\S{1,255}) )?type=([A-Z][A-Z0-9_]{1,40}|UNKNOWN\[\d{1,5}\]) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,12})\):/

/** How far into a line its `type=` may stand: behind a syslog header. */
const HEAD = 400

/** A line of audit.log, also with a node and through syslog. Undefined for all else. */
export function auditLine(text: string): AuditLine | undefined {
  const at = text.indexOf(' msg=audit(')
  if (at < 0 || at > HEAD) return undefined
  const match = LINE.exec(at + 80 < text.length ? text.slice(0, at + 80) : text)
  if (match === null) return undefined
  const [, node = '', type = '', seconds, millis, serial] = match
  return {
    type,
    key: `${node} ${seconds}.${millis}:${serial}`,
    at: Number(seconds) * 1000 + Number(millis),
    alone: ALONE.test(type),
    ends: type === 'EOE' || type === 'PROCTITLE',
  }
}
