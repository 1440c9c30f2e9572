import { messageOf } from '../../kernel/error.ts'
import { readZip, type ZipMark } from '../archive/zip.ts'
import { type OsvRecord, osvRecord } from './record.ts'

/** Records of an archive by the names of their entries: where an entry stayed as it was, so did its record. */
export type ReadEntries = Map<string, ZipMark & { readonly record: OsvRecord }>

/**
 * Adds the OSV records of one file to `records`: a `.zip` as OSV distributes them, a `.json` of one record or a list, `.jsonl`.
 * @param before what the archive held when it was read last: what is the same by name, size and CRC-32 is not unpacked again.
 * @param entries takes what it holds now.
 * @returns what could not be read, each with why.
 */
export function readOsvFile(
  file: string,
  bytes: Buffer,
  records: OsvRecord[],
  before: ReadEntries = new Map(),
  entries: ReadEntries = new Map(),
): readonly { readonly file: string; readonly reason: string }[] {
  const problems: { file: string; reason: string }[] = []
  try {
    const keep = (name: string, { crc, size }: ZipMark, record: OsvRecord): void => {
      entries.set(name, { crc, size, record })
    }
    const isNew = (name: string, mark: ZipMark): boolean => {
      const old = before.get(name)
      if (old === undefined || old.crc !== mark.crc || old.size !== mark.size) return true
      records.push(old.record)
      keep(name, old, old.record)
      return false
    }
    for (const { name, value, entry } of documentsOf(file, bytes, isNew)) {
      const parsed = osvRecord.safeParse(value)
      if (parsed.success) {
        records.push(parsed.data)
        if (entry !== undefined) keep(entry.name, entry.mark, parsed.data)
      } else problems.push({ file: name, reason: firstIssue(parsed.error.issues) })
    }
  } catch (error) {
    problems.push({ file, reason: messageOf(error) })
  }
  return problems
}

interface Document {
  readonly name: string
  readonly value: unknown
  readonly entry?: { readonly name: string; readonly mark: ZipMark }
}

function* documentsOf(file: string, bytes: Buffer, isNew: (name: string, mark: ZipMark) => boolean): Generator<Document> {
  if (file.endsWith('.zip')) {
    let mark: ZipMark
    const wanted = (name: string, found: ZipMark): boolean => {
      mark = found
      return name.endsWith('.json') && isNew(name, found)
    }
    for (const { name, bytes: text } of readZip(bytes, file, wanted))
      yield { name: `${file}:${name}`, value: parsed(text.toString('utf8')), entry: { name, mark: mark! } }
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
