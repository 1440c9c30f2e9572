import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { type Draft, integer, put, putObject } from '../../normalise/draft.ts'

const TYPES: Readonly<Record<string, string>> = { added: 'creation', deleted: 'deletion', modified: 'change' }

/** What file integrity monitoring saw: the file as it is now, and what happened to it. */
export function addFile(doc: Draft, syscheck: JsonObject): void {
  const file: Draft = {}
  put(file, 'path', text(syscheck['path']))
  put(file, 'size', integer(text(syscheck['size_after'])))
  put(file, 'owner', text(syscheck['uname_after']))
  put(file, 'group', text(syscheck['gname_after']))
  put(file, 'mtime', text(syscheck['mtime_after']))
  const hash: Draft = {}
  for (const name of ['md5', 'sha1', 'sha256']) put(hash, name, text(syscheck[`${name}_after`]))
  putObject(file, 'hash', hash)
  putObject(doc, 'file', file)
  const happened = text(syscheck['event'])
  if (happened === undefined) return
  const event = doc['event'] as Draft
  event['action'] = `file-${happened}`
  event['category'] = ['file']
  event['type'] = [(Object.hasOwn(TYPES, happened) ? TYPES[happened] : undefined) ?? 'info']
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
