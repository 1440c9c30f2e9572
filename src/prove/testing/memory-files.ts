import { nativeSha256 } from '../batch-root.ts'
import type { LedgerFiles } from '../files.ts'
import type { EvidenceFolder } from '../verify/folder.ts'

/** A folder in memory: the ledger's files below `ledger/`, and whatever else a data directory has. */
export function memoryFolder(files: ReadonlyMap<string, Uint8Array>): EvidenceFolder {
  return {
    read: async (path) => files.get(path),
    list: async (folder) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).sort(),
    digest: async (path) => {
      const bytes = files.get(path)
      return bytes === undefined ? undefined : { sha256: nativeSha256(bytes), bytes: bytes.length }
    },
  }
}

/** The ledger's own view of such a folder, for writing. */
export function memoryFiles(files: Map<string, Uint8Array>): LedgerFiles {
  const under = (path: string) => `ledger/${path}`
  return {
    read: async (path) => files.get(under(path)),
    write: async (written) => {
      for (const { path, bytes } of written) files.set(under(path), Uint8Array.from(bytes))
    },
    remove: async (path) => {
      for (const known of [...files.keys()]) {
        if (known === under(path) || known.startsWith(`${under(path)}/`)) files.delete(known)
      }
    },
    list: async (folder) =>
      [...files.keys()].filter((path) => path.startsWith(`${under(folder)}/`)).map((path) => path.slice('ledger/'.length)),
  }
}
