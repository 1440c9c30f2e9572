import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ENGINE_FILES, enginePlatform } from '../../detect/yara/engine-files.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { syncFile } from '../../platform/atomic-file.ts'

/** The rules that a policy names. */
const namedSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(1).max(64_000_000) })
export type NamedRules = z.infer<typeof namedSchema>

/** What of a policy's rules is YARA's. */
export function yaraIn(rules: JsonObject | undefined): NamedRules | undefined {
  return namedSchema.safeParse(rules?.['yara']).data
}

export const engineIn = (folder: string): string => join(folder, 'engine.node')
export const rulesIn = (folder: string): string => join(folder, 'rules.yar')

export type Download = (path: string, file: string, most: number) => Promise<void>

/**
 * Has the rules and the engine of this platform in the folder, fetched from the server where they are not there: what is kept is
 * used while the server is away. The signed policy names the rules, this agent itself the engine.
 * @throws KanpekiError `yara_unavailable` where there is no engine for this platform or no such one at the server, else as `download`.
 */
export async function havePartsOf(rules: NamedRules, folder: string, download: Download): Promise<void> {
  const platform = enginePlatform()
  const engine = ENGINE_FILES[platform]
  if (engine === undefined) throw new KanpekiError('yara_unavailable', `There is no YARA engine for ${platform}.`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const [file, { sha256, bytes }] of [
    [engineIn(folder), engine],
    [rulesIn(folder), rules],
  ] as const) {
    if ((await hashOf(file)) === sha256) continue
    const part = `${file}.part`
    try {
      await download(`/api/v1/agent-link/parts/${sha256}`, part, bytes)
      if ((await hashOf(part)) !== sha256)
        throw new KanpekiError('yara_unavailable', 'What the server gave for YARA is not what was named.')
      await syncFile(part)
      await rename(part, file)
    } catch (error) {
      if (error instanceof KanpekiError && error.code === 'not_found')
        throw new KanpekiError('yara_unavailable', `The server has not what YARA needs on ${platform}: ${error.message}`, {
          remedy: 'Are server and agent of the same version?',
        })
      throw error
    } finally {
      await rm(part, { force: true })
    }
  }
}

export const forgetParts = async (folder: string): Promise<void> => await rm(folder, { recursive: true, force: true })

async function hashOf(file: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for await (const part of createReadStream(file)) hash.update(part as Buffer)
  } catch {
    return undefined
  }
  return hash.digest('hex')
}
