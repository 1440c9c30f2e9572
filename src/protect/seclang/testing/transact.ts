import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Interruption, RequestHead, TransactionRecord } from '../../transaction.ts'
import { type LoadedRules, loadRules, type RulesToLoad } from '../load.ts'

/** Loads rules from a text, as if it were a file `rules.conf`; more files may lie beside it. */
export function rulesOf(
  text: string,
  options: Partial<RulesToLoad> & { readonly beside?: Readonly<Record<string, string>> } = {},
): LoadedRules {
  const folder = mkdtempSync(join(tmpdir(), 'seclang-'))
  try {
    const { beside = {}, ...rest } = options
    for (const [name, content] of Object.entries({ ...beside, 'rules.conf': text }))
      writeFileSync(join(folder, name), content, 'latin1')
    return loadRules({ files: [join(folder, 'rules.conf')], ...rest })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface Sent {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly answer?: {
    readonly status?: number
    readonly headers?: readonly (readonly [string, string])[]
    readonly body?: string
  }
}

/** Sends one request through all five phases; calls end at the first interruption, as a connection ends them. */
export function transact(
  { waf }: LoadedRules,
  { method = 'GET', target = '/', headers = [], body = '', answer = {} }: Sent,
  mode: 'detect' | 'block' = 'block',
): TransactionRecord & { readonly stopped: Interruption | undefined } {
  const head: RequestHead = {
    uniqueId: 'reference',
    remoteAddress: '192.0.2.7',
    remotePort: 4711,
    serverAddress: '192.0.2.1',
    serverPort: 443,
    method,
    target,
    protocol: 'HTTP/1.1',
    headers,
  }
  const transaction = waf.begin(mode)
  const stopped =
    transaction.requestHead(head) ??
    transaction.requestBody(Buffer.from(body, 'latin1'), false) ??
    transaction.responseHead({ status: answer.status ?? 200, protocol: 'HTTP/1.1', headers: answer.headers ?? [] }) ??
    transaction.responseBody(Buffer.from(answer.body ?? '', 'latin1'), false)
  return { ...transaction.finish(), stopped }
}
