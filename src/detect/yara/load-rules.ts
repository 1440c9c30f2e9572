import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Refusal } from '../../kernel/detection.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { YaraRule } from './messages.ts'

/** What one source was found to be. */
export interface Validated {
  readonly errors: readonly { readonly code: string; readonly message: string }[]
}

export interface YaraSources {
  readonly rules: readonly YaraRule[]
  readonly refused: readonly Refusal[]
  /** Sound sources, to be compiled together. */
  readonly texts: readonly string[]
}

const LARGEST_FILE = 16 * 1024 * 1024

/**
 * Rule files (`.yar`, `.yara`) under these paths, each examined by itself: one with an error is refused with every line that is
 * wrong, one that repeats a rule's name of an earlier file too, and the others are used. Throws `rules-unreadable`.
 */
export function readYaraRules(paths: readonly string[], validate: (source: string) => Validated): YaraSources {
  const rules: YaraRule[] = []
  const refused: Refusal[] = []
  const texts: string[] = []
  const fileOf = new Map<string, string>()
  for (const file of filesUnder(paths)) {
    const text = readFileSync(file, 'utf8')
    if (text.length > LARGEST_FILE) {
      refused.push({ file, line: 1, code: 'file-size', reason: `more than ${LARGEST_FILE} characters` })
      continue
    }
    const faults = validate(text).errors.map(({ code, message }): Refusal => faultOf(file, code, message))
    const named = namesIn(text).map(({ name, line }): YaraRule => ({ name, file, line }))
    const repeated = named.filter(({ name }) => fileOf.has(name))
    for (const { name, line } of repeated)
      faults.push({ file, line, code: 'id-repeated', reason: `the name ${name} is taken by a rule in ${fileOf.get(name)}` })
    if (faults.length > 0) {
      refused.push(...faults)
      continue
    }
    for (const { name } of named) fileOf.set(name, file)
    rules.push(...named)
    texts.push(text)
  }
  return { rules, refused, texts }
}

/** `error[E009]: unknown identifier … --> line:5:3`. */
function faultOf(file: string, code: string, message: string): Refusal {
  const [first = message] = message.split('\n')
  return {
    file,
    line: Number(/--> line:(\d+)/.exec(message)?.[1] ?? 1),
    code: `yara-${code.toLowerCase()}`,
    reason: first.replace(/^error\[\w+\]: /, ''),
  }
}

function filesUnder(paths: readonly string[]): string[] {
  const files: string[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const full = join(folder, entry.name)
      if (entry.isDirectory()) walk(full)
      else if (/\.yara?$/i.test(entry.name)) files.push(full)
    }
  }
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined)
      throw new KanpekiError('rules-unreadable', `there are no YARA rules at ${path}.`, {
        remedy: 'Give an existing rule file or a folder of .yar files.',
      })
    if (found.isDirectory()) walk(path)
    else files.push(path)
  }
  return [...new Set(files)]
}

/** Comments, texts and regular expressions of a source as blanks, so that words in them are no rules. */
const ASIDE = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|(?<==\s*)\/(?:[^/\\\n]|\\.)+\//g
const RULE = /(?:^|\s|})(?:(?:private|global)\s+)*rule\s+([A-Za-z_]\w*)/g

function namesIn(text: string): { readonly name: string; readonly line: number }[] {
  const bare = text.replaceAll(ASIDE, (aside) => aside.replaceAll(/[^\n]/g, ' '))
  return [...bare.matchAll(RULE)].map((match) => {
    const at = match.index + match[0].indexOf('rule')
    return { name: match[1]!, line: bare.slice(0, at).split('\n').length }
  })
}
