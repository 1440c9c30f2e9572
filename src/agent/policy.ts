import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { policyTextSchema } from '../hosts/schema.ts'
import { writeFileAtomically } from '../platform/atomic-file.ts'
import { readIfThere } from '../platform/read-if-there.ts'

/** What the server set for this host, in `policy.json` of the agent's folder. */
const policySchema = policyTextSchema.pick({ policy: true, settings: true, rules: true })
export type Policy = ReturnType<typeof policySchema.parse>

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
