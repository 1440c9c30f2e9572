import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { EvidenceFolder } from './verify/folder.ts'

/** A data directory, or a copy of a ledger, on this machine's disk. Reading only. */
export function readFolder(root: string): EvidenceFolder & Required<Pick<EvidenceFolder, 'list' | 'digest'>> {
  return {
    async read(path) {
      try {
        return await readFile(join(root, path))
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    },
    async list(folder) {
      try {
        const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
        const files = found
          .filter((entry) => !entry.isDirectory())
          .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        return files.map((path) => path.replaceAll(sep, '/')).sort()
      } catch (error) {
        if (isAbsent(error)) return []
        throw error
      }
    },
    async digest(path) {
      const hash = createHash('sha256')
      let bytes = 0
      try {
        for await (const chunk of createReadStream(join(root, path), { highWaterMark: 1 << 20 })) {
          hash.update(chunk)
          bytes += chunk.length
        }
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
      return { sha256: hash.digest(), bytes }
    },
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(error.code))
}
