import type { Waf } from '../transaction.ts'
import { type AuditLog, openAuditLog } from './audit-log.ts'
import { trustedProxies } from './client-address.ts'
import { denyList } from './deny-list.ts'
import type { Gate } from './gate.ts'
import { handleRequest } from './handle-request.ts'
import { type InspectorDeps, inspectorsOf } from './inspectors-of.ts'
import { createListener, type Listener } from './listener.ts'
import { refuseRequest } from './refuse-request.ts'
import { openCertificates } from './tls/certificates.ts'
import { openUpstreams } from './upstream/upstreams.ts'
import { wafEvent } from './waf-event.ts'
import type { WafSettings } from './waf-settings.ts'

export interface ServedGate {
  readonly gate: Gate
  readonly listener: Listener
  /** Where it `retires`, others serve in its place, and nobody waits for it. */
  readonly close: (retires?: boolean) => Promise<void>
  readonly reopenLogs: () => void
}

/** Puts rules in front of an application, in this process. Listening is the caller's. */
export function serveGate(
  settings: WafSettings,
  rules: { readonly waf: Waf; readonly shadow: Waf | undefined },
  { warn, judge, scan }: Pick<InspectorDeps, 'warn' | 'judge' | 'scan'>,
): ServedGate {
  const { limits } = settings
  const upstreams = openUpstreams(
    settings.upstreams,
    { connectTime: limits.connectSeconds * 1000, keep: 256 },
    settings.health === undefined
      ? undefined
      : {
          path: settings.health.path,
          every: settings.health.everySeconds * 1000,
          time: settings.health.seconds * 1000,
          failures: settings.health.failures,
        },
    warn,
  )
  const logs: AuditLog[] = []
  const logTo = (file: string | undefined): AuditLog['write'] | undefined => {
    if (file === undefined) return undefined
    const log = openAuditLog(file, warn)
    logs.push(log)
    return log.write
  }
  const audited = logTo(settings.auditLog)
  const told = logTo(settings.events)
  const shadowed = logTo(settings.shadow?.auditLog) ?? (() => {})
  const denied = settings.denyList === undefined ? undefined : denyList(settings.denyList, warn)
  const watching = inspectorsOf(settings, { judge, scan, tell: (event) => told?.(event), warn, now: Date.now })
  const inspectors = denied === undefined ? watching : [denied, ...watching]
  const gate: Gate = {
    waf: rules.waf,
    mode: settings.mode,
    ...(inspectors.length === 0 ? {} : { inspectors }),
    trusted: trustedProxies(settings.trustedProxies),
    defaultHost: new URL(settings.upstreams[0]!).host,
    upstream: upstreams.pick,
    record: (record) => {
      audited?.(record)
      told?.(wafEvent(record))
    },
    ...(rules.shadow === undefined ? {} : { shadow: { waf: rules.shadow, record: shadowed } }),
    onEngineError: settings.onEngineError,
    onLargeBody: settings.onLargeBody,
    largestBody: limits.bodyBytes,
    answerTime: limits.answerSeconds * 1000,
    now: Date.now,
  }
  const listener = createListener(
    {
      request: (request, answer) => handleRequest(gate, request, answer),
      refused: (refused, peer, local) => refuseRequest(gate, refused, peer, local),
    },
    {
      headBytes: limits.headBytes,
      headTime: limits.headSeconds * 1000,
      bodyPause: limits.bodyPauseSeconds * 1000,
      bodyRate: limits.bodyBytesPerSecond,
      idleTime: limits.idleSeconds * 1000,
    },
    settings.tls.length === 0 ? undefined : openCertificates(settings.tls, Date.now()),
  )
  return {
    gate,
    listener,
    reopenLogs: () => {
      for (const log of logs) log.reopen()
    },
    close: async (retires = false) => {
      await listener.drain(limits.drainSeconds * 1000, retires)
      upstreams.close()
      denied?.close()
      for (const log of logs) log.close()
    },
  }
}
