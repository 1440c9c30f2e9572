import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { KanpekiError } from '../../../../kernel/error.ts'
import type { LoadedRules, LoadOptions, RuleText } from '../rule.ts'
import { loadRuleTexts } from './load.ts'

/**
 * Rule files under the given files and folders, in a fixed order; a folder gives its `.yml` and `.yaml` files, at any depth,
 * without hidden ones. A file reached twice is read once. Throws `rules-unreadable` for a path that does not exist.
 */
export function listRuleFiles(paths: readonly string[]): string[] {
  const files: string[] = []
  const walk = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const full = join(directory, entry.name)
      const isDirectory = entry.isSymbolicLink() ? statSync(full).isDirectory() : entry.isDirectory()
      if (isDirectory) walk(full)
      else if (/\.ya?ml$/i.test(entry.name)) files.push(full)
    }
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
    const real = realpathSync(file)
    return !seen.has(real) && seen.add(real).size > 0
  })
}

function* readTexts(files: readonly string[]): Generator<RuleText> {
  for (const file of files) yield { file, text: readFileSync(file, 'utf8') }
}

/** Reads and loads every rule file under the paths. */
export function loadRuleFiles(paths: readonly string[], options: LoadOptions = {}): LoadedRules {
  return loadRuleTexts(readTexts(listRuleFiles(paths)), options)
}
