import { KanpekiError } from '../kernel/error.ts'

/** A full disk or an exceeded quota as the KanpekiError `disk_full`; any other error as it is. */
export function diskError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') return error
  return new KanpekiError('disk_full', `There is no space left to write ${path}.`, {
    remedy: 'Free some space; nothing of this write was kept.',
    cause: error,
  })
}
