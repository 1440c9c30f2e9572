import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { KanpekiError, messageOf } from '../../kernel/error.ts'

export interface AuditLog {
  /** Writes one line before it returns. */
  readonly write: (line: unknown) => void
  /** Opens the file by its name again, so that it may have been renamed (log rotation). */
  readonly reopen: () => void
  readonly close: () => void
}

/**
 * A file that several processes append to: each line is one write, which the system keeps whole. Throws
 * `audit-log-unwritable` where it cannot be opened; a write that fails later is told to `lost`, once until one succeeds again.
 */
export function openAuditLog(file: string, lost: (reason: string) => void): AuditLog {
  let descriptor = open(file)
  let isLosing = false
  return {
    write: (line) => {
      try {
        writeSync(descriptor, `${JSON.stringify(line)}\n`, undefined, 'utf8')
        isLosing = false
      } catch (error) {
        if (!isLosing) lost(`a line of the audit log was lost: ${messageOf(error)}`)
        isLosing = true
      }
    },
    reopen: () => {
      const next = open(file)
      closeSync(descriptor)
      descriptor = next
    },
    close: () => {
      try {
        fsyncSync(descriptor)
      } catch {
        // A pipe or terminal has nothing to sync.
      }
      closeSync(descriptor)
    },
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'a', 0o640)
  } catch (error) {
    throw new KanpekiError('audit-log-unwritable', `cannot write the audit log: ${messageOf(error)}`, { place: { file } })
  }
}
