import type { Waf } from '../transaction.ts'
import { type AuditLog, openAuditLog } from './audit-log.ts'
import { trustedProxies } from './client-address.ts'
import type { Gate } from './gate.ts'
import { handleRequest, refuseRequest } from './handle-request.ts'
import { createListener, type Listener } from './listener.ts'
import { Pool } from './upstream/pool.ts'
import type { UpstreamTarget } from './upstream/upstream-connection.ts'
import type { WafSettings } from './waf-settings.ts'

export interface ServedGate {
  readonly gate: Gate
  readonly listener: Listener
  readonly close: () => Promise<void>
  readonly reopenLogs: () => void
}

/** Puts rules in front of an application, in this process. Listening is the caller's. */
export function serveGate(
  settings: WafSettings,
  rules: { readonly waf: Waf; readonly shadow: Waf | undefined },
  warn: (text: string) => void,
): ServedGate {
  const { limits } = settings
  const targets = settings.upstreams.map((text) => new URL(text))
  const pools = targets.map((url) => new Pool(targetOf(url), { connectTime: limits.connectSeconds * 1000, keep: 256 }))
  const logs: AuditLog[] = []
  const logTo = (file: string | undefined): AuditLog['write'] => {
    if (file === undefined) return () => {}
    const log = openAuditLog(file, warn)
    logs.push(log)
    return log.write
  }
  let turn = 0
  const gate: Gate = {
    waf: rules.waf,
    mode: settings.mode,
    trusted: trustedProxies(settings.trustedProxies),
    defaultHost: targets[0]!.host,
    upstream: () => {
      turn = (turn + 1) % pools.length
      return pools[turn]
    },
    record: logTo(settings.auditLog),
    ...(rules.shadow === undefined ? {} : { shadow: { waf: rules.shadow, record: logTo(settings.shadow?.auditLog) } }),
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
  )
  return {
    gate,
    listener,
    reopenLogs: () => {
      for (const log of logs) log.reopen()
    },
    close: async () => {
      await listener.drain(limits.drainSeconds * 1000)
      for (const pool of pools) pool.end()
      for (const log of logs) log.close()
    },
  }
}

function targetOf(url: URL): UpstreamTarget {
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  return { host, port, ...(isTls ? { tls: { serverName: host } } : {}) }
}
