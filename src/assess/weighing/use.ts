import { flag, readJson } from '../../platform/state/columns.ts'
import type { FindingsTable, UseTable } from '../inventory/tables.ts'
import { parsePurl } from '../purl/purl.ts'

/** A package that a process was seen with. */
export interface UsedPart {
  /** As in package URLs: deb, rpm, apk, npm, pypi, maven … */
  readonly type: string
  readonly name: string
  /** Null: whatever version is there. */
  readonly version: string | null
  /** The file that was mapped or open, and by which process. */
  readonly file: string
  readonly process: string
  /** When it was seen last, milliseconds UTC. */
  readonly at: number
}

/** What an agent saw on one asset. */
export interface AgentUse {
  readonly since: number
  readonly looked: number
  readonly parts: ReadonlyMap<string, readonly UsedPart[]>
}

/** A finding with what is known of its use at a moment. */
export interface UsedFinding extends FindingsTable {
  /** The process that it was seen with, where an agent saw one. */
  readonly seen?: UsedPart | undefined
}

/** A look that is older says nothing of now: neither that something runs nor that it does not. */
export const LOOK_HOLDS_MS = 7 * 86_400_000
/** An agent tells daily; one that was silent longer is not looking. */
export const AGENT_HOLDS_MS = 2 * 86_400_000
/** What runs once a day has to have had its chance before it counts as not running. */
export const WATCHED_MS = 86_400_000

/**
 * Package managers whose files are mapped by whatever runs them: not seen there is not run. What an interpreter reads and
 * closes (npm, Python) or a linker copies in (Go, Rust) may run unseen.
 */
const SEEN_IF_RUN: ReadonlySet<string> = new Set(['deb', 'rpm', 'apk', 'maven'])

export function agentUse(row: UseTable): AgentUse {
  const parts = readJson<UsedPart[]>(row.parts)
  return { since: row.since, looked: row.looked, parts: Map.groupBy(parts, ({ type, name }) => keyOf(type, name)) }
}

/**
 * Whether a finding's package runs, by what an agent saw and by what lists said: pure. Unknown wherever nobody looked, or not
 * lately, or could not have seen it.
 * @param listedAt when its list's source last said what runs; null: never.
 */
export function withUse(row: FindingsTable, agent: AgentUse | undefined, listedAt: number | null, now: number): UsedFinding {
  const listed = listedAt !== null && now - listedAt < LOOK_HOLDS_MS ? row.in_use : null
  const told = agent === undefined || now - agent.looked >= AGENT_HOLDS_MS ? undefined : seenBy(agent, row, now)
  if (told === undefined) return { ...row, in_use: listed }
  if (told === false) return { ...row, in_use: listed ?? flag(false) }
  return { ...row, in_use: flag(true), seen: told }
}

function seenBy(agent: AgentUse, row: FindingsTable, now: number): UsedPart | false | undefined {
  const named = row.kind === 'package' && row.purl !== null ? typeAndName(row.purl) : undefined
  if (named === undefined) return undefined
  const found = agent.parts
    .get(keyOf(named.type, named.name))
    ?.find(
      ({ version, at }) => (version === null || row.version === null || version === row.version) && now - at < AGENT_HOLDS_MS,
    )
  if (found !== undefined) return found
  return SEEN_IF_RUN.has(named.type) && agent.looked - agent.since >= WATCHED_MS ? false : undefined
}

/** When what is known of use may become another without a new look. */
export function useHoldsUntil(agent: AgentUse | undefined, listed: readonly (number | null)[], now: number): number | null {
  const ends = [
    ...(agent === undefined ? [] : [agent.looked + AGENT_HOLDS_MS]),
    ...listed.flatMap((at) => (at === null ? [] : [at + LOOK_HOLDS_MS])),
  ].filter((at) => at > now)
  return ends.length === 0 ? null : Math.min(...ends)
}

function typeAndName(purl: string): { readonly type: string; readonly name: string } | undefined {
  try {
    const { type, namespace, name } = parsePurl(purl)
    return { type, name: type === 'npm' && namespace !== undefined ? `${namespace}/${name}` : name }
  } catch {
    return undefined
  }
}

function keyOf(type: string, name: string): string {
  return `${type}/${type === 'pypi' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name}`
}
