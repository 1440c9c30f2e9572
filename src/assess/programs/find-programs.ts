import { type Dirent, lstatSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import { goModules } from '../image/go-binary.ts'
import type { LockReading } from '../lockfiles/lockfile.ts'
import { goInfoOf, mayBeProgram } from './go-file.ts'

const MOST_FOLDERS = 1_000_000
const DEEPEST = 128

export interface ProgramsFound {
  readonly programs: readonly (LockReading & { readonly file: string })[]
  /** Folders and programs that could not be read. */
  readonly unread: number
  /** The first of them, with why. */
  readonly firstUnread: { readonly file: string; readonly reason: string } | undefined
  /** There were more folders than are looked into, or deeper ones. */
  readonly cut: boolean
}

export interface Looking {
  /** Folders that are left out, `root` itself never. */
  readonly skipped: (folder: string) => boolean
  readonly mostFolders?: number
}

/** Go programs in a folder and below it, each with what it was built of. Links are not followed: they may lead anywhere. */
export async function findPrograms(root: string, { skipped, mostFolders = MOST_FOLDERS }: Looking): Promise<ProgramsFound> {
  const programs: (LockReading & { readonly file: string })[] = []
  let unread = 0
  let firstUnread: ProgramsFound['firstUnread']
  let cut = false
  const fault = (file: string, error: unknown): void => {
    // What went away meanwhile, or became a link, is no longer there to be read.
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return
    unread += 1
    firstUnread ??= { file, reason: messageOf(error) }
  }
  const waiting = [{ folder: root, depth: 0 }]
  let seen = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { folder, depth } = next
    seen += 1
    if (seen > mostFolders || depth > DEEPEST) {
      cut = true
      if (seen > mostFolders) break
      continue
    }
    let entries: readonly Dirent[]
    try {
      entries = await readdir(folder, { withFileTypes: true })
    } catch (error) {
      fault(folder, error)
      continue
    }
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!skipped(path)) waiting.push({ folder: path, depth: depth + 1 })
      } else if (entry.isFile()) {
        try {
          const facts = lstatSync(path, { throwIfNoEntry: false })
          if (facts === undefined || !mayBeProgram(entry.name, facts.mode)) continue
          const info = await goInfoOf(path)
          if (info !== undefined) programs.push({ file: path, ...goModules(info) })
        } catch (error) {
          fault(path, error)
        }
      }
    }
  }
  return { programs: programs.sort((a, b) => (a.file < b.file ? -1 : 1)), unread, firstUnread, cut }
}
