import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { Waf } from '../transaction.ts'
import type { Refusal } from './draft.ts'
import { endChains, take } from './gather.ts'
import { Gathered } from './gathered.ts'
import { link } from './link.ts'
import { type CollectionStore, memoryStore } from './store.ts'
import { makeWaf } from './waf.ts'
import { readStatements, type Statement } from './words.ts'

export interface RulesToLoad {
  /** In this order. */
  readonly files: readonly string[]
  /** Members of `TX` that each transaction begins with, as `tx.NAME` → value. Rules may change them. */
  readonly set?: Readonly<Record<string, string>>
  /** Where persistent collections live; in this thread's memory unless told otherwise. */
  readonly store?: CollectionStore
  readonly now?: () => number
}

export interface LoadedRules {
  readonly waf: Waf
  /** What could not be loaded: rules (with their chain), directives, files. */
  readonly refused: readonly Refusal[]
  /** Rules that are whole and can never match, for what they ask (places of addresses, block lists by DNS) is not to be had here. */
  readonly inert: readonly Refusal[]
  /** Directives that are known and change nothing here. */
  readonly ignored: readonly { readonly file: string; readonly line: number; readonly directive: string }[]
  /** How many rules run; a chain counts as one. */
  readonly loaded: number
}

/** Files that include each other for ever end here. */
const DEEPEST_INCLUDE = 16

/** Reads and compiles SecLang files. Never throws for what a file holds: what cannot be loaded is told in `refused`. */
export function loadRules({ files, set = {}, store = memoryStore(), now = Date.now }: RulesToLoad): LoadedRules {
  const gathered = new Gathered()
  for (const file of files) takeFile(file, gathered, 0, { file, line: 0, words: [] })
  endChains(gathered)
  const initial = Object.entries(set).map(([name, value]) => {
    const member = name.replace(/^tx[.:]/i, '')
    return [member.toLowerCase(), { name: member, value }] as const
  })
  const program = link(gathered, new Map(initial))
  return {
    waf: makeWaf(program, { store, now }),
    refused: gathered.refused,
    inert: gathered.inert,
    ignored: gathered.ignored,
    loaded: program.phases.reduce((sum, rules) => sum + rules.length, 0),
  }
}

function takeFile(file: string, gathered: Gathered, depth: number, from: Statement): void {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (error) {
    gathered.refuse(from, `the file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`)
    return
  }
  for (const statement of readStatements(text, file)) {
    const name = statement.words[0]!.toLowerCase()
    if (name === 'include' || name === 'includeoptional') include(statement, name === 'includeoptional', gathered, depth + 1)
    else take(gathered, statement)
  }
}

function include(statement: Statement, optional: boolean, gathered: Gathered, depth: number): void {
  const written = statement.words[1]
  if (written === undefined || depth > DEEPEST_INCLUDE) {
    gathered.refuse(statement, written === undefined ? 'Include names no file' : 'files include each other too deeply')
    return
  }
  const path = isAbsolute(written) ? written : join(dirname(statement.file), written)
  const found = /[*?[]/.test(path) ? globSync(path).sort() : [path]
  for (const file of found) {
    if (optional && !existsSync(file)) continue
    takeFile(file, gathered, depth, statement)
  }
}
