import type { Config } from '../platform/config.ts'
import { createLog, type Log } from '../platform/log.ts'

/** On standard error: short lines where a person watches, JSON lines otherwise, unless the settings say which. */
export function terminalLog(form: Config['values']['log'] = 'auto'): Log {
  const pretty = form === 'auto' ? process.stderr.isTTY === true : form === 'pretty'
  return createLog({ write: (line) => process.stderr.write(line), pretty, now: Date.now })
}
