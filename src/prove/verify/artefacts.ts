import type { JsonObject } from '../../kernel/json.ts'
import { fromHex, toHex } from './bytes.ts'
import type { ReadEntry } from './entry.ts'
import type { EvidenceFolder } from './folder.ts'
import type { Failure } from './report.ts'

/** An artefact as its entry describes it. */
export interface ArtefactLeaf {
  readonly id: string
  /** Below the data directory. */
  readonly file: string
  /** SHA-256 of the file as it lies there, hexadecimal. */
  readonly stored: string
}

/** What an entry about an artefact says of its file. */
export type ArtefactDeed = { readonly added: ArtefactLeaf } | { readonly removed: string }

/** Where a content lies below the data directory. @param sha256 of the content, hexadecimal. */
export function artefactPath(sha256: string): string {
  return `artefacts/${sha256.slice(0, 2)}/${sha256}`
}

/** Undefined for an entry that leaves the file as it was. */
export function artefactDeed({ type, body }: Pick<ReadEntry, 'type' | 'body'>): ArtefactDeed | undefined {
  const { action, id } = body
  if (type !== 'artefact' || typeof id !== 'string') return undefined
  if (action === 'artefact.remove') return { removed: id }
  const leaf = action === 'artefact.add' ? leafOf(id, body) : undefined
  return leaf === undefined ? undefined : { added: leaf }
}

function leafOf(id: string, { sha256, stored }: JsonObject): ArtefactLeaf | undefined {
  if (typeof sha256 !== 'string' || typeof stored !== 'string') return undefined
  if ([sha256, stored].some((hash) => fromHex(hash)?.length !== 32)) return undefined
  return { id, file: artefactPath(sha256), stored }
}

/** Compares every file that an entry vouches for, and that none says was removed. Once, where several share it. */
export async function checkArtefacts(
  folder: EvidenceFolder,
  artefacts: ReadonlyMap<string, ArtefactLeaf & { readonly leaf: number }>,
  forged: ReadonlySet<number>,
): Promise<readonly Failure[]> {
  if (folder.digest === undefined) return []
  const failures: Failure[] = []
  const seen = new Set<string>()
  for (const { file, stored, leaf } of artefacts.values()) {
    if (seen.has(file) || forged.has(leaf)) continue
    seen.add(file)
    const found = await folder.digest(file)
    if (found === undefined)
      failures.push({ path: file, leaf, code: 'artefact_missing', reason: 'the file of the artefact is missing' })
    else if (toHex(found.sha256) !== stored)
      failures.push({ path: file, leaf, code: 'artefact_mismatch', reason: 'the file is not the one that was received' })
  }
  return failures
}
