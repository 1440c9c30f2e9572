import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type PolicySettings, policySettingsSchema, policyTextSchema } from '../hosts/schema.ts'
import type { JsonValue } from '../kernel/json.ts'
import { writeFileAtomically } from '../platform/atomic-file.ts'
import { readIfThere } from '../platform/read-if-there.ts'

/** What the server set for this host, in `policy.json` of the agent's folder: as it came, so that a later version may know more of it. */
const policySchema = policyTextSchema.pick({ policy: true, rules: true }).extend({ settings: z.json() })
export type Policy = z.infer<typeof policySchema>

/** The text of a policy, whatever a newer server may have put into its settings. */
export const anyPolicyTextSchema = policyTextSchema.extend({ settings: z.json() })

export interface KnownSettings {
  readonly settings: PolicySettings
  /** Names of what this version does not know, `laterThing` or `integrity.check`. */
  readonly unknown: readonly string[]
}

const MOST_UNKNOWN = 50
const LONGEST = 200

/**
 * What this version knows of a policy's settings. A server may be newer than an agent: a setting, a value or an element of a list
 * that is not known is left out by itself and named, and the rest holds. (Persons are told at once: the server refuses what it does not know.)
 */
export function knownSettings(given: JsonValue | undefined): KnownSettings {
  const settings: unknown = structuredClone(given ?? {})
  const unknown = new Set<string>()
  for (;;) {
    const parsed = policySettingsSchema.safeParse(settings)
    if (parsed.success) return { settings: parsed.data, unknown: [...unknown].slice(0, MOST_UNKNOWN) }
    // From the end, so that the places of what comes before stay true.
    for (const issue of parsed.error.issues.toReversed()) {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
      for (const path of paths) {
        unknown.add(nameOf(path))
        if (!takeOut(settings, path)) return { settings: {}, unknown: [nameOf(path)] }
      }
    }
  }
}

const nameOf = (path: readonly PropertyKey[]): string =>
  path
    .filter((part) => typeof part === 'string')
    .join('.')
    .slice(0, LONGEST)

/** @returns false where there is nothing at that place that could be left out. */
function takeOut(from: unknown, path: readonly PropertyKey[]): boolean {
  const last = path.at(-1)
  let at = from
  for (const part of path.slice(0, -1)) at = typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined
  if (last === undefined || typeof at !== 'object' || at === null) return false
  if (Array.isArray(at) && typeof last === 'number') return at.splice(last, 1).length > 0
  // What is missing inside of something cannot be left out: the thing itself is.
  return Object.hasOwn(at, last) ? Reflect.deleteProperty(at, last) : takeOut(from, path.slice(0, -1))
}

const fileOf = (folder: string): string => join(folder, 'policy.json')

/** Undefined where there is none, or one that cannot be read: the server sends it again. */
export async function readPolicy(folder: string): Promise<Policy | undefined> {
  const text = await readIfThere(fileOf(folder))
  try {
    return text === undefined ? undefined : policySchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

export async function keepPolicy(folder: string, policy: Policy | undefined): Promise<void> {
  if (policy === undefined) await rm(fileOf(folder), { force: true })
  else await writeFileAtomically(fileOf(folder), JSON.stringify(policy))
}
