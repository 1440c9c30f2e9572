import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { loadRuleSet } from '../detect/rule-set.ts'
import type { Refusal } from '../kernel/detection.ts'
import { KanpekiError } from '../kernel/error.ts'

/** Rule packs of others that can be taken over from a folder. */
export const PACKS = {
  /** A clone or release of SigmaHQ: only its rule folders, not its tests and tools. */
  sigmahq: { folders: [/^rules/], licence: 'DRL 1.1' },
  falco: { folders: [], licence: 'Apache-2.0' },
} as const satisfies Readonly<Record<string, { readonly folders: readonly RegExp[]; readonly licence: string }>>
export type PackName = keyof typeof PACKS

export const packManifest = z.object({
  name: z.string(),
  from: z.string(),
  added: z.iso.datetime({ precision: 3 }),
  licence: z.string(),
  files: z.int(),
  /** Over names and contents of the files, in name order. */
  sha256: z.string(),
  loaded: z.int(),
  refused: z.int(),
})
export type PackManifest = z.infer<typeof packManifest>

export interface AddedPack extends PackManifest {
  readonly refusals: readonly Refusal[]
}

/** Beside a pack's files. */
export const PACK_MANIFEST = 'pack.json'
const MAX_FILE_BYTES = 4 * 1024 * 1024

/**
 * Copies a rule pack below the data folder's `rules`, in place of an earlier one of its name, and says what of it is understood.
 * It is read at the server's next start. Links and files that are no YAML are left where they are.
 * @param now milliseconds UTC.
 * @throws KanpekiError `usage` for a folder without rules; nothing is changed then.
 */
export async function addPack(rules: string, name: PackName, from: string, now: number): Promise<AddedPack> {
  if (!existsSync(from)) throw new KanpekiError('usage', `There is no folder ${from}.`)
  const files = rulesBelow(from, PACKS[name].folders)
  if (files.length === 0)
    throw new KanpekiError('usage', `${from} holds no rules.`, { remedy: 'Give the folder of a clone, or one with .yml files.' })
  const fresh = join(rules, `.${name}.new`)
  await rm(fresh, { recursive: true, force: true })
  const digest = createHash('sha256')
  for (const file of files) {
    const place = join(fresh, file)
    await mkdir(dirname(place), { recursive: true })
    await copyFile(join(from, file), place)
    digest.update(`${file}\0`).update(readFileSync(place)).update('\0')
  }
  const set = loadRuleSet([fresh], (file) => relative(fresh, file))
  const manifest: PackManifest = {
    name,
    from,
    added: new Date(now).toISOString(),
    licence: PACKS[name].licence,
    files: files.length,
    sha256: digest.digest('hex'),
    loaded: set.rules.length,
    refused: set.refused.length,
  }
  await writeFile(join(fresh, PACK_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
  await rm(join(rules, name), { recursive: true, force: true })
  await rename(fresh, join(rules, name))
  return { ...manifest, refusals: set.refused }
}

/** Packs that were added, by name. */
export function listPacks(rules: string): readonly PackManifest[] {
  if (!existsSync(rules)) return []
  return readdirSync(rules)
    .sort()
    .flatMap((name) => {
      const file = join(rules, name, PACK_MANIFEST)
      if (name.startsWith('.') || !existsSync(file)) return []
      const read = packManifest.safeParse(JSON.parse(readFileSync(file, 'utf8')))
      return read.success ? [read.data] : []
    })
}

/** @returns false where there was none. */
export async function removePack(rules: string, name: string): Promise<boolean> {
  if (!listPacks(rules).some((pack) => pack.name === name)) return false
  await rm(join(rules, name), { recursive: true, force: true })
  return true
}

/** Plain YAML files below a folder, relative to it; of a clone only those in `folders`, where it has such. */
function rulesBelow(root: string, folders: readonly RegExp[]): string[] {
  const found: string[] = []
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(root, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile() && /\.ya?ml$/i.test(entry.name) && lstatSync(join(root, path)).size <= MAX_FILE_BYTES)
        found.push(path)
    }
  }
  walk('')
  const inFolders = found.filter((file) => folders.some((pattern) => pattern.test(file) && file.includes('/')))
  return inFolders.length > 0 ? inFolders : found
}
