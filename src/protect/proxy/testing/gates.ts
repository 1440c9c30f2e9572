import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Server as NetServer } from 'node:net'
import type { Interruption, Transaction, TransactionRecord, Waf } from '../../transaction.ts'
import type { AuditRecord } from '../audit-record.ts'
import { trustedProxies } from '../client-address.ts'
import type { Gate } from '../gate.ts'
import { handleRequest } from '../handle-request.ts'
import { createListener, type Listener } from '../listener.ts'
import { refuseRequest } from '../refuse-request.ts'
import { Pool } from '../upstream/pool.ts'

/** What a connection does with rules is tested here with rules that are functions; the real ones have tests of their own. */
export interface Rules {
  readonly head?: (target: string) => Interruption | undefined
  readonly body?: (body: string, truncated: boolean) => Interruption | undefined
  readonly answer?: (status: number) => Interruption | undefined
  readonly answerBody?: (body: string, truncated: boolean) => Interruption | undefined
}

export function wafOf(rules: Rules, limit = 1000): Waf {
  return {
    requestBodyLimit: limit,
    responseBodyLimit: limit,
    begin: (mode): Transaction => {
      let interruption: Interruption | undefined
      const take = (found: Interruption | undefined) => {
        interruption ??= found
        return mode === 'block' ? found : undefined
      }
      return {
        requestHead: (head) => take(rules.head?.(head.target)),
        wantsRequestBody: () => rules.body !== undefined,
        requestBody: (body, truncated) => take(rules.body?.(body.toString('latin1'), truncated)),
        responseHead: (head) => take(rules.answer?.(head.status)),
        wantsResponseBody: () => rules.answerBody !== undefined,
        responseBody: (body, truncated) => take(rules.answerBody?.(body.toString('latin1'), truncated)),
        finish: (): TransactionRecord =>
          interruption === undefined ? { rules: [], messages: [] } : { rules: [interruption.ruleId], messages: [], interruption },
      }
    },
  }
}

export const DENY: Interruption = { ruleId: 7, action: 'deny', status: 403 }

export interface Guarded {
  readonly port: number
  readonly records: AuditRecord[]
  readonly shadowRecords: AuditRecord[]
  readonly listener: Listener
  /** Sends bytes over one connection; resolves with all that came back when the server ended it, or `until` is in it. */
  readonly talk: (bytes: string, until?: string) => Promise<string>
  readonly close: () => Promise<void>
}

export type GuardedOptions = Partial<Omit<Gate, 'record' | 'upstream' | 'shadow'>> & {
  readonly shadowWaf?: Waf
  readonly limits?: Partial<Parameters<typeof createListener>[1]>
}

/** A gate before an application, on a port of its own. */
export async function guarded(application: RequestListener | Server, options: GuardedOptions): Promise<Guarded> {
  const upstream = typeof application === 'function' ? createServer(application) : application
  const upstreamPort = await listening(upstream)
  const pool = new Pool({ host: '127.0.0.1', port: upstreamPort }, { connectTime: 1000, keep: 8 })
  const records: AuditRecord[] = []
  const shadowRecords: AuditRecord[] = []
  const { shadowWaf, limits, ...rest } = options
  const gate: Gate = {
    waf: wafOf({}),
    mode: 'block',
    trusted: trustedProxies([]),
    defaultHost: 'application.example',
    upstream: () => pool,
    onEngineError: 'closed',
    onLargeBody: 'refuse',
    largestBody: 1 << 20,
    answerTime: 5000,
    now: Date.now,
    ...rest,
    record: (record) => records.push(record),
    ...(shadowWaf === undefined ? {} : { shadow: { waf: shadowWaf, record: (record) => shadowRecords.push(record) } }),
  }
  const listener = createListener(
    {
      request: (request, answer) => handleRequest(gate, request, answer),
      refused: (refused, peer, local) => refuseRequest(gate, refused, peer, local),
    },
    { headBytes: 16_384, headTime: 5000, bodyPause: 5000, bodyRate: 100, idleTime: 5000, ...limits },
  )
  const port = await listening(listener.server)
  return {
    port,
    records,
    shadowRecords,
    listener,
    talk: (bytes, until) => talk(port, bytes, until),
    close: async () => {
      upstream.closeAllConnections()
      upstream.close()
      await listener.drain(100)
      pool.end()
    },
  }
}

async function listening(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function talk(port: number, bytes: string, until?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let seen = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      seen += text
      if (until !== undefined && seen.includes(until)) {
        resolve(seen)
        socket.destroy()
      }
    })
    socket.on('error', () => resolve(seen))
    socket.on('close', () => resolve(seen))
    socket.write(bytes, 'latin1')
  })
}
