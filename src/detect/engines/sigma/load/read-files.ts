import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Refusal } from '../../../../kernel/detection.ts'
import { KanpekiError } from '../../../../kernel/error.ts'
import type { LoadedRules, LoadOptions, RuleText } from '../rule.ts'
import { loadRuleTexts } from './load.ts'

/**
 * Rule files under the given files and folders, in a fixed order; a folder gives its `.yml` and `.yaml` files, at any depth,
 * without hidden ones. A file reached twice is read once, and a link that leads back to a folder above it is not followed. Throws
 * `rules-unreadable` for a path that does not exist; what is below one and leads nowhere is listed all the same.
 */
export function listRuleFiles(paths: readonly string[]): string[] {
  const files: string[] = []
  const open = new Set<string>()
  const walk = (directory: string) => {
    const real = realpathSync(directory)
    if (open.has(real)) return
    open.add(real)
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const full = join(directory, entry.name)
      const isDirectory = entry.isSymbolicLink()
        ? statSync(full, { throwIfNoEntry: false })?.isDirectory() === true
        : entry.isDirectory()
      if (isDirectory) walk(full)
      else if (/\.ya?ml$/i.test(entry.name)) files.push(full)
    }
    open.delete(real)
  }
  for (const path of paths) {
    try {
      if (statSync(path).isDirectory()) walk(path)
      else files.push(path)
    } catch (error) {
      throw new KanpekiError('rules-unreadable', `cannot read rules from ${path}: ${(error as Error).message}`, {
        place: { file: path },
        remedy: 'Give an existing rule file or a folder of .yml files.',
        cause: error,
      })
    }
  }
  const seen = new Set<string>()
  return files.filter((file) => {
    if (paths.length === 1) return true
    const real = existsSync(file) ? realpathSync(file) : file
    return !seen.has(real) && seen.add(real).size > 0
  })
}

/** The texts of files; one that cannot be read is put among `unread`. */
export function* readTexts(files: readonly string[], unread: Refusal[]): Generator<RuleText> {
  for (const file of files) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      unread.push({ file, line: 1, code: 'file-unreadable', reason: `the file cannot be read: ${(error as Error).message}` })
      continue
    }
    yield { file, text }
  }
}

/** Reads and loads every rule file under the paths. One that cannot be read is refused and keeps no other from its work. */
export function loadRuleFiles(paths: readonly string[], options: LoadOptions = {}): LoadedRules {
  const unread: Refusal[] = []
  const loaded = loadRuleTexts(readTexts(listRuleFiles(paths), unread), options)
  return { ...loaded, refused: [...unread, ...loaded.refused] }
}
