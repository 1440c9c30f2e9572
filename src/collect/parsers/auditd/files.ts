import { posix } from 'node:path'
import { type Draft, integer, put } from '../../normalise/draft.ts'
import { fileOf } from '../../normalise/path.ts'
import { type AuditRecord, said } from './fields.ts'
import type { Kind } from './kinds.ts'

/** A PATH record: `nametype` says what the call did to it. */
export interface PathRecord {
  readonly record: AuditRecord
  readonly name: string | undefined
  readonly nametype: string | undefined
}

const MAX_PATHS = 64

export function pathsOf(records: readonly AuditRecord[]): readonly PathRecord[] {
  return records
    .filter(({ type }) => type === 'PATH')
    .slice(0, MAX_PATHS)
    .map((record) => ({ record, name: said(record.fields['name']), nametype: said(record.fields['nametype']) }))
}

/** What a path's `nametype` adds to a call that may do several things (`open` with O_CREAT). */
const TYPE_OF_NAME: Readonly<Record<string, string>> = { CREATE: 'creation', DELETE: 'deletion' }

/** ECS `file` of the path that the event is about, resolved against the working directory. Not for programs: those are `process`. */
export function addFile(
  doc: Draft,
  paths: readonly PathRecord[],
  kind: Kind | undefined,
  cwd: string | undefined,
  fields: Readonly<Record<string, string>>,
): void {
  const event = doc['event'] as Draft
  if (kind?.category.includes('process') === true && kind.type.includes('start')) return
  const path =
    paths.find(({ nametype }) => nametype === 'CREATE') ??
    paths.find(({ nametype }) => nametype === 'DELETE') ??
    paths.find(({ nametype, name }) => nametype !== 'PARENT' && name !== undefined)
  const name = path?.name ?? (kind?.category.includes('file') === true ? said(fields['name']) : undefined)
  if (name === undefined) return
  const full = name.startsWith('/') || cwd === undefined ? name : posix.join(cwd, name)
  const file = fileOf(full)
  if (path !== undefined) {
    const { fields: of, words } = path.record
    put(file, 'inode', said(of['inode']))
    put(file, 'uid', said(of['ouid']))
    put(file, 'gid', said(of['ogid']))
    put(file, 'owner', said(words['OUID']))
    put(file, 'group', said(words['OGID']))
    const mode = said(of['mode'])
    if (mode !== undefined && /^[0-7]{4,7}$/.test(mode)) {
      file['mode'] = `0${mode.slice(-3)}`
      put(file, 'type', FILE_TYPES[mode.padStart(7, '0').slice(0, 3)])
    }
    put(file, 'device', integer(of['rdev']) === 0 ? undefined : known(of['rdev']))
    const change = TYPE_OF_NAME[path.nametype ?? '']
    if (change !== undefined && kind?.category.includes('file') === true && event['action'] === 'opened-file') {
      event['type'] = [change]
      event['action'] = change === 'creation' ? 'created-file' : 'deleted'
    }
  }
  doc['file'] = file
}

/** The file type bits of a mode, in octal digits (inode(7)). */
const FILE_TYPES: Readonly<Record<string, string>> = {
  '010': 'file',
  '004': 'dir',
  '012': 'symlink',
  '014': 'socket',
  '001': 'fifo',
  '002': 'char_device',
  '006': 'block_device',
}

function known(device: string | undefined): string | undefined {
  return device === undefined || device === '00:00' ? undefined : device
}
