import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import { writeFileAtomically } from '../platform/atomic-file.ts'

/** Who this agent is, and whom it trusts: kept in `identity.json` of its folder, which only its own user may read. */
const identitySchema = z.object({
  id: z.uuid(),
  name: z.string(),
  url: z.url(),
  /** PEM. */
  key: z.string(),
  certificate: z.string(),
  /** Certificates that the server is known by, PEM; absent where the system's are meant. */
  ca: z.string().optional(),
  renewAfter: z.number(),
  /** What commands of the server are signed with, SPKI in base64; learnt at the first contact, and no other is taken later. */
  commandKey: z.string().optional(),
})

export type Identity = z.infer<typeof identitySchema>

const fileOf = (folder: string): string => join(folder, 'identity.json')

/** @throws KanpekiError `not_enrolled` where there is none yet. */
export async function readIdentity(folder: string): Promise<Identity> {
  try {
    return identitySchema.parse(JSON.parse(await readFile(fileOf(folder), 'utf8')))
  } catch {
    throw new KanpekiError('not_enrolled', 'This agent has not enrolled yet, or its identity cannot be read.', {
      place: { file: fileOf(folder) },
      remedy: "Run 'kanpeki agent enrol --to URL --token TOKEN'; 'kanpeki enrol-token create' on the server gives the token.",
    })
  }
}

export async function writeIdentity(folder: string, identity: Identity): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFileAtomically(fileOf(folder), `${JSON.stringify(identity)}\n`, 0o600)
}
