import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

/** Kernel and device files, and where systemd and containers put credentials: no log is there, secrets are. */
const NEVER = ['/proc', '/sys', '/dev', '/run/credentials', '/run/secrets']

/** Why a file that a setting in the console names may not be read; undefined if it may. */
export type FileGuard = (path: string) => Promise<string | undefined>

/**
 * Whoever may set up a source says what this process reads, and sees it as events: without a guard that is every secret of
 * ours. Links are followed before the answer.
 * @param own files and folders of ours. @param folders the only ones that may be read, if any are named.
 */
export function fileGuard(own: readonly string[], folders: readonly string[]): FileGuard {
  const forbidden = [...own, ...NEVER].flatMap(bothNames)
  const allowed = folders.flatMap(bothNames)
  return async (path) => {
    const real = await realpath(path).catch(() => resolve(path))
    if (forbidden.some((one) => isWithin(real, one))) return 'it belongs to Kanpeki itself or to the system'
    if (allowed.length > 0 && !allowed.some((one) => isWithin(real, one)))
      return `it is in none of the folders of the setting source-folders (${folders.join(', ')})`
    return undefined
  }
}

/** As it is called, and where it really is. */
function bothNames(path: string): readonly string[] {
  const named = resolve(path)
  try {
    return [named, realpathSync(named)]
  } catch {
    return [named]
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
