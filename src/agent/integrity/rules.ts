import { createHash } from 'node:crypto'
import { INTEGRITY_CHECKS, type IntegrityCheck, type IntegrityRule } from '../../hosts/schema.ts'

export interface RuleFor {
  readonly checks: ReadonlySet<IntegrityCheck>
  readonly frozen: boolean
}

export interface IntegrityOptions {
  readonly watch: readonly string[]
  readonly ignore: readonly string[]
  readonly rules: readonly IntegrityRule[]
  /** The whole host. */
  readonly frozen: boolean
}

export interface Rules {
  readonly roots: readonly string[]
  readonly ignored: (path: string) => boolean
  readonly of: (path: string) => RuleFor
  /** Anything is frozen. */
  readonly frozen: boolean
  /** Names what is watched and compared: a baseline taken under other rules says nothing. */
  readonly hash: string
}

/** The folder itself, or below it. */
export const isIn = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

/** What is watched, and what is compared of each path. */
export function integrityRules({ watch, ignore, rules, frozen }: IntegrityOptions): Rules {
  const all: RuleFor = { checks: new Set(INTEGRITY_CHECKS), frozen }
  const longestFirst = rules
    .map((rule) => ({ path: rule.path, rule: { checks: new Set(rule.check), frozen: rule.frozen ?? frozen } }))
    .toSorted((a, b) => b.path.length - a.path.length)
  const wanted = [...new Set([...watch, ...rules.map(({ path }) => path)])]
  const roots = wanted.filter((path) => !wanted.some((other) => other !== path && isIn(path, other))).toSorted()
  const said = JSON.stringify([roots, ignore, rules])
  return {
    roots,
    ignored: (path) => ignore.some((prefix) => isIn(path, prefix)),
    of: (path) => longestFirst.find((one) => isIn(path, one.path))?.rule ?? all,
    frozen: frozen || rules.some((rule) => rule.frozen === true),
    hash: createHash('sha256').update(said).digest('hex'),
  }
}
