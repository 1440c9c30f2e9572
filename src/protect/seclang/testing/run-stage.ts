import type { RequestHead, TransactionRecord, Waf } from '../../transaction.ts'
import type { CrsStage } from './crs-case.ts'

/** Sends a request through the rules, and the answer that a backend which reflects would give. */
export function runStage(waf: Waf, stage: CrsStage): TransactionRecord {
  const { head, body } = readRequest(stage.request)
  const transaction = waf.begin('detect')
  transaction.requestHead(head)
  transaction.requestBody(body, false)
  const answer = reflected(head, body)
  transaction.responseHead({ status: answer.status, protocol: 'HTTP/1.1', headers: Object.entries(answer.headers) })
  transaction.responseBody(transaction.wantsResponseBody() ? answer.body : Buffer.alloc(0), false)
  return transaction.finish()
}

/** Why a stage failed, or undefined where it passed. */
export function judge(stage: CrsStage, record: TransactionRecord): string | undefined {
  const { ids, noIds, matches, matchesNot } = stage.expected
  const found = new Set(record.rules)
  const missing = ids.filter((id) => !found.has(id))
  if (missing.length > 0) return `${missing.join()} not found, but ${[...found].join()}`
  const wrong = noIds.filter((id) => found.has(id))
  if (wrong.length > 0) return `${wrong.join()} wrongly found`
  const lines = record.messages.map(({ id, msg, data, var: name }) =>
    visible(`[id "${id}"] [msg "${msg}"] [data "${data}"] ${name}`),
  )
  if (matches !== undefined && !lines.some((line) => matches.test(line)))
    return `no message like ${matches}: ${lines.join(' | ')}`
  if (matchesNot !== undefined && lines.some((line) => matchesNot.test(line))) return `a message like ${matchesNot}`
  return undefined
}

function visible(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/**
 * Reads the bytes of one request, whatever its head holds: rules judge what a strict server would refuse. As servers do,
 * a length beside a transfer encoding is dropped, and a body that is not announced is not read.
 */
function readRequest(bytes: Buffer): { head: RequestHead; body: Buffer } {
  const text = bytes.toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)
  const headText = end === null ? text : text.slice(0, end.index)
  const [line = '', ...lines] = headText.split(/\r?\n/)
  const first = /^(\S*)(?:\s+(.*?))?(?:\s+(HTTP\/\S*))?$/.exec(line)
  const written = lines
    .filter((header) => header.includes(':'))
    .map((header): [string, string] => {
      const colon = header.indexOf(':')
      return [header.slice(0, colon), header.slice(colon + 1).trim()]
    })
  const rest = end === null ? Buffer.alloc(0) : bytes.subarray(end.index + end[0].length)
  const chunked = written.some(([name, value]) => name.toLowerCase() === 'transfer-encoding' && /chunked/i.test(value))
  const headers = chunked ? written.filter(([name]) => name.toLowerCase() !== 'content-length') : written
  const announced = chunked || headers.some(([name]) => name.toLowerCase() === 'content-length')
  const head = {
    uniqueId: '3f2504e04f8911d39a0c0305e82c3301',
    remoteAddress: '127.0.0.1',
    remotePort: 40_000,
    serverAddress: '127.0.0.1',
    serverPort: 80,
    method: first?.[1] ?? '',
    target: first?.[2] ?? '',
    protocol: first?.[3] ?? '',
    headers,
  }
  return { head, body: chunked ? unchunk(rest) : announced ? rest : Buffer.alloc(0) }
}

function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf('\n', at)
    const size = Number.parseInt(body.toString('latin1', at, end), 16)
    if (end < 0 || !(size > 0)) break
    parts.push(body.subarray(end + 1, end + 1 + size))
    at = body.indexOf('\n', end + 1 + size) + 1
  }
  return Buffer.concat(parts)
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const EMPTY: Answer = { status: 200, headers: { 'Content-Length': '0' }, body: Buffer.alloc(0) }

function reflected(head: RequestHead, body: Buffer): Answer {
  if (head.method !== 'POST' || !/^\/reflect\/?(?:\?|$)/.test(head.target)) return EMPTY
  const told = JSON.parse(body.toString('utf8')) as {
    status?: number
    headers?: Record<string, string>
    body?: string
    encodedBody?: string
  }
  const content = told.body === undefined ? Buffer.from(told.encodedBody ?? '', 'base64') : Buffer.from(told.body)
  const typed = Object.keys(told.headers ?? {}).some((name) => name.toLowerCase() === 'content-type')
  const type = /^\s*<(?:!doctype html|html|head|title|body|h1|div|p|br)\b/i.test(content.toString('latin1'))
    ? 'text/html'
    : 'text/plain'
  return {
    status: told.status ?? 200,
    headers: { ...told.headers, ...(typed || content.length === 0 ? {} : { 'Content-Type': `${type}; charset=utf-8` }) },
    body: content,
  }
}
