import { messageOf } from '../../kernel/error.ts'
import { readZip } from '../archive/zip.ts'
import { type OsvRecord, osvRecord } from './record.ts'

/**
 * Adds the OSV records of one file to `records`: a `.zip` as OSV distributes them, a `.json` of one record or a list, `.jsonl`.
 * @returns what could not be read, each with why.
 */
export function readOsvFile(
  file: string,
  bytes: Buffer,
  records: OsvRecord[],
): readonly { readonly file: string; readonly reason: string }[] {
  const problems: { file: string; reason: string }[] = []
  try {
    for (const { name, value } of documentsOf(file, bytes)) {
      const parsed = osvRecord.safeParse(value)
      if (parsed.success) records.push(parsed.data)
      else problems.push({ file: name, reason: firstIssue(parsed.error.issues) })
    }
  } catch (error) {
    problems.push({ file, reason: messageOf(error) })
  }
  return problems
}

function* documentsOf(file: string, bytes: Buffer): Generator<{ readonly name: string; readonly value: unknown }> {
  if (file.endsWith('.zip')) {
    for (const entry of readZip(bytes, file, (name) => name.endsWith('.json')))
      yield { name: `${file}:${entry.name}`, value: parsed(entry.bytes.toString('utf8')) }
    return
  }
  if (file.endsWith('.jsonl')) {
    for (const [line, text] of bytes.toString('utf8').split('\n').entries())
      if (text.trim() !== '') yield { name: `${file}:${line + 1}`, value: parsed(text) }
    return
  }
  const value = parsed(bytes.toString('utf8'))
  if (!Array.isArray(value)) yield { name: file, value }
  else for (const [place, one] of value.entries()) yield { name: `${file}:[${place}]`, value: one }
}

/** What is no JSON is refused by the schema, under its own name. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return messageOf(error)
  }
}

function firstIssue(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const [issue] = issues
  return issue === undefined ? 'no OSV record' : `${issue.path.map(String).join('.') || 'record'}: ${issue.message}`
}
