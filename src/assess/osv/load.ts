import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { readZip } from '../archive/zip.ts'
import { type OsvRecord, osvRecord } from './record.ts'

export interface LoadedFeed {
  readonly records: readonly OsvRecord[]
  /** What could not be read, with why: nothing is left out in silence. */
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/**
 * Reads OSV records from a folder (all below it), a `.zip` as OSV distributes them, a `.json` of one record or a list, or
 * `.jsonl`. @throws KanpekiError `feed_missing` for a path that is not there.
 */
export async function loadOsv(path: string): Promise<LoadedFeed> {
  const records: OsvRecord[] = []
  const problems: { file: string; reason: string }[] = []
  for (const file of await filesOf(path)) {
    try {
      for (const { name, value } of documentsOf(file, await readFile(file))) {
        const parsed = osvRecord.safeParse(value)
        if (parsed.success) records.push(parsed.data)
        else problems.push({ file: name, reason: firstIssue(parsed.error.issues) })
      }
    } catch (error) {
      problems.push({ file, reason: messageOf(error) })
    }
  }
  return { records, problems }
}

async function filesOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined)
    throw new KanpekiError('feed_missing', `There is no feed at ${path}.`, {
      place: { file: path },
      remedy: 'Name a folder, or a file that OSV distributes (all.zip).',
    })
  if (!found.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile() && /\.(zip|json|jsonl)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
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
