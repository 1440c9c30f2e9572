import { openAuditLog } from '../proxy/audit-log.ts'
import type { AuditRecord } from '../proxy/audit-record.ts'
import { type TrustedProxies, trustedProxies } from '../proxy/client-address.ts'
import { loadRuleSet } from '../proxy/load-rule-set.ts'
import type { Waf } from '../transaction.ts'

export interface GuardOptions {
  /** Rule files in this order; a folder means its `*.conf`, a pattern what it matches. */
  readonly rules: readonly string[]
  /** `tx.NAME=VALUE`. */
  readonly set?: readonly string[]
  readonly mode?: 'detect' | 'block'
  readonly auditLog?: string
  /** Told of each transaction, before its answer ends. */
  readonly onRecord?: (record: AuditRecord) => void
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  /** Whether requests pass while the rules themselves fail. */
  readonly onEngineError?: 'open' | 'closed'
}

/** Rules ready to stand in an application; one serves any number of servers in a thread. */
export interface Guard {
  readonly waf: Waf
  readonly mode: 'detect' | 'block'
  readonly trusted: TrustedProxies
  readonly onEngineError: 'open' | 'closed'
  readonly record: (record: AuditRecord) => void
  readonly now: () => number
  /** What could not be loaded, one sentence each. */
  readonly refused: readonly string[]
}

/** Loads rules for the middleware. Throws `no-rules` where none could be loaded, `audit-log-unwritable` and `bad-address`. */
export function openGuard(options: GuardOptions): Guard {
  const { waf, refused } = loadRuleSet(options.rules, options.set ?? [])
  const warn = (text: string) => process.emitWarning(text)
  const log = options.auditLog === undefined ? undefined : openAuditLog(options.auditLog, warn)
  return {
    waf,
    mode: options.mode ?? 'block',
    trusted: trustedProxies(options.trustedProxies ?? []),
    onEngineError: options.onEngineError ?? 'closed',
    record: (record) => {
      log?.write(record)
      options.onRecord?.(record)
    },
    now: Date.now,
    refused: refused.map(({ file, line, reason }) => `${file}:${line}: ${reason}`),
  }
}
