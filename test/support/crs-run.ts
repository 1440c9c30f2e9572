import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { connect } from 'node:net'
import { type CrsCase, type CrsStage, readCrsCases } from '../../src/protect/seclang/testing/crs-case.ts'

interface AuditLine {
  readonly id: string | null
  readonly rules: readonly number[]
  readonly status: number
  readonly messages: readonly { readonly id: number; readonly msg: string; readonly data: string; readonly var: string }[]
}

export interface CrsOutcome {
  readonly passed: number
  readonly failed: readonly { readonly id: string; readonly reason: string }[]
}

/** Runs cases of the Core Rule Set's suite over the wire against a WAF in detection, judged by its audit log alone. */
export async function runCrs(files: readonly string[], port: number, auditLog: string): Promise<CrsOutcome> {
  const log = openSync(auditLog, 'r')
  const failed: { id: string; reason: string }[] = []
  let passed = 0
  try {
    for (const file of files) {
      for (const each of readCrsCases(file)) {
        const reason = await runCase(each, port, () => readNew(log))
        if (reason === undefined) passed += 1
        else failed.push({ id: each.id, reason })
      }
    }
  } finally {
    closeSync(log)
  }
  return { passed, failed }
}

async function runCase({ stages }: CrsCase, port: number, lines: () => AuditLine[]): Promise<string | undefined> {
  for (const stage of stages) {
    const id = randomUUID()
    lines()
    const status = await send(withId(stage.request, id), port)
    const records = lines()
    const record = records.find((line) => line.id === id) ?? records.find((line) => line.id === null)
    const reason = judge(stage, status, record)
    if (reason !== undefined) return reason
  }
  return undefined
}

function judge({ expected }: CrsStage, status: number | undefined, record: AuditLine | undefined): string | undefined {
  if (status === undefined) return 'no answer'
  if (record === undefined) return 'no line in the audit log when the answer had ended'
  if (expected.status !== undefined && expected.status !== status) return `status ${status}, expected ${expected.status}`
  const missing = expected.ids.filter((id) => !record.rules.includes(id))
  if (missing.length > 0) return `${missing} did not match, but ${record.rules}`
  const wrong = expected.noIds.filter((id) => record.rules.includes(id))
  if (wrong.length > 0) return `${wrong} matched`
  const texts = record.messages.map(({ id, msg, data, var: name }) =>
    // One line, as in the error log that the expressions are written for.
    `[id "${id}"] [msg "${msg}"] [data "${data}"] ${name}`.replace(
      CONTROL,
      (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
    ),
  )
  const { matches, matchesNot } = expected
  if (matches !== undefined && !texts.some((text) => matches.test(text))) return `no message matches ${matches.source}`
  if (matchesNot !== undefined && texts.some((text) => matchesNot.test(text))) return `a message matches ${matchesNot.source}`
  return undefined
}

/** The header by which the record is found again goes last in the head. */
function withId(request: Buffer, id: string): Buffer {
  const end = request.indexOf('\r\n\r\n')
  if (end === -1) return request
  return Buffer.concat([request.subarray(0, end), Buffer.from(`\r\nX-CRS-Test: ${id}`), request.subarray(end)])
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what is written otherwise in a log
const CONTROL = /[\0-\x1f\x7f]/g

function send(request: Buffer, port: number): Promise<number | undefined> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const end = () => {
      socket.destroy()
      settle(/^HTTP\/1\.1 (\d{3})/.test(text) ? Number(text.slice(9, 12)) : undefined)
    }
    socket.setTimeout(5000, end)
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('close', end)
    socket.on('data', (chunk: string) => {
      text += chunk
      const head = text.indexOf('\r\n\r\n')
      const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2))?.[1]
      const isHead = request.subarray(0, 5).toString() === 'HEAD '
      if (head === -1) return
      if (isHead || (length !== undefined && text.length >= head + 4 + Number(length)) || text.endsWith('\r\n0\r\n\r\n')) end()
    })
    socket.write(request)
  })
}

const PIECE = Buffer.alloc(1 << 20)
let rest = ''

function readNew(log: number): AuditLine[] {
  for (let read = readSync(log, PIECE); read > 0; read = readSync(log, PIECE)) rest += PIECE.toString('utf8', 0, read)
  const lines = rest.split('\n')
  rest = lines.pop() ?? ''
  return lines.map((line) => JSON.parse(line) as AuditLine)
}
