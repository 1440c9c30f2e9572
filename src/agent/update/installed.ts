import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { readIfThere } from '../../platform/read-if-there.ts'

const versionSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), version: z.string() })
const currentSchema = versionSchema.extend({
  /** What ran before it; null for the agent that was installed by hand. */
  previous: versionSchema.nullable(),
  /** Starts since it last reached the server. */
  starts: z.number(),
})
type Current = z.infer<typeof currentSchema>

/** A version that was started so often without reaching the server once is taken back. */
const MOST_STARTS = 3

const folderOf = (folder: string): string => join(folder, 'versions')
const fileOf = (folder: string): string => join(folderOf(folder), 'current.json')
export const bundleOf = (folder: string, sha256: string): string => join(folderOf(folder), `${sha256}.mjs`)

async function read(folder: string): Promise<Current | undefined> {
  const text = await readIfThere(fileOf(folder))
  try {
    return text === undefined ? undefined : currentSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

async function write(folder: string, current: Current | undefined): Promise<void> {
  if (current === undefined) await rm(fileOf(folder), { force: true })
  else await writeFileAtomically(fileOf(folder), JSON.stringify(current))
}

/**
 * The bundle that is to run, counted as a start of it; undefined where the installed agent is. One that was changed on the
 * disk, or keeps ending before it reached the server, is given up for the one before.
 */
export async function bundleToRun(folder: string): Promise<string | undefined> {
  for (let current = await read(folder); current !== undefined; ) {
    const file = bundleOf(folder, current.sha256)
    const sound =
      createHash('sha256')
        .update(await readFile(file).catch(() => ''))
        .digest('hex') === current.sha256
    if (sound && current.starts < MOST_STARTS) {
      await write(folder, { ...current, starts: current.starts + 1 })
      return file
    }
    const { previous } = current
    current = previous === null ? undefined : { ...previous, previous: null, starts: 0 }
    await write(folder, current)
  }
  return undefined
}

/** The version that runs reached its server. */
export async function markHealthy(folder: string): Promise<void> {
  const current = await read(folder)
  if (current !== undefined && current.starts > 0) await write(folder, { ...current, starts: 0 })
}

/** From the next start on this version runs; the one before stays for the way back, others go. */
export async function install(folder: string, { sha256, version }: z.infer<typeof versionSchema>): Promise<void> {
  const before = await read(folder)
  const previous = before === undefined ? null : { sha256: before.sha256, version: before.version }
  await write(folder, { sha256, version, previous, starts: 0 })
  const kept = new Set([sha256, previous?.sha256])
  for (const name of await readdir(folderOf(folder)))
    if (name.endsWith('.mjs') && !kept.has(name.slice(0, -4))) await rm(join(folderOf(folder), name), { force: true })
}

export async function makeVersions(folder: string): Promise<void> {
  await mkdir(folderOf(folder), { recursive: true, mode: 0o700 })
}
