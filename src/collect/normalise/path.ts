import { type Draft, put } from './draft.ts'

/** The last part of a Windows or POSIX path. */
export function baseName(path: string): string {
  return path.slice(lastSeparator(path) + 1)
}

/** ECS `file.path`, `.directory`, `.name` and `.extension` (lower case, without the dot). */
export function fileOf(path: string): Draft {
  const at = lastSeparator(path)
  const name = path.slice(at + 1)
  const dot = name.lastIndexOf('.')
  const draft: Draft = { path }
  if (at > 0) draft['directory'] = path.slice(0, at)
  put(draft, 'name', name === '' ? undefined : name)
  put(draft, 'extension', dot > 0 && dot < name.length - 1 ? name.slice(dot + 1).toLowerCase() : undefined)
  return draft
}

function lastSeparator(path: string): number {
  for (let at = path.length - 1; at >= 0; at--) {
    const code = path.charCodeAt(at)
    if (code === 92 || code === 47) return at
  }
  return -1
}
