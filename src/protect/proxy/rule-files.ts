import { globSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'

/**
 * The rule files that paths mean, in the order given: a folder means its `*.conf`, a pattern what it matches, each in name
 * order. Throws `no-rules` for a path that means none.
 */
export function ruleFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const found = filesOf(path)
    if (found.length === 0)
      throw new KanpekiError('no-rules', `there are no rule files at '${path}'.`, { remedy: 'Check --rules.' })
    return found
  })
}

function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory() === true)
    return readdirSync(path)
      .filter((name) => name.endsWith('.conf'))
      .sort()
      .map((name) => join(path, name))
  if (stat !== undefined) return [path]
  return globSync(path).sort()
}
