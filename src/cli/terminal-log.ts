import { createLog, type Log } from '../platform/log.ts'

/** On standard error: short lines where a person watches, JSON lines otherwise. */
export function terminalLog(): Log {
  return createLog({ write: (line) => process.stderr.write(line), pretty: process.stderr.isTTY === true, now: Date.now })
}
