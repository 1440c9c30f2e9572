import { createHash } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { type BackupFile, MANIFEST, MANIFEST_NOTE } from './manifest.ts'
import { BLOCK, tarHeader } from './tar-header.ts'

export interface ArchiveSource {
  readonly name: string
  readonly size: number
  readonly sealed?: true
  open(): AsyncIterable<Uint8Array>
}

/**
 * The bytes of an archive: the files, then the manifest that lists them and its signature, then the end.
 * @param manifestOf is called once all files have gone by. @throws KanpekiError `archive_source` if a file changes meanwhile.
 */
export async function* writeArchive(
  sources: readonly ArchiveSource[],
  manifestOf: (files: readonly BackupFile[]) => { readonly manifest: Uint8Array; readonly note: Uint8Array },
): AsyncGenerator<Uint8Array> {
  const files: BackupFile[] = []
  for (const { name, size, sealed, open } of sources) {
    yield tarHeader({ name, size })
    const hash = createHash('sha256')
    let written = 0
    for await (const chunk of open()) {
      hash.update(chunk)
      written += chunk.byteLength
      if (written > size) break
      yield chunk
    }
    if (written !== size)
      throw new KanpekiError('archive_source', `${name} changed its size while it was backed up.`, { remedy: 'Run it again.' })
    yield padding(size)
    files.push({ name, size, sha256: hash.digest('hex'), ...(sealed === true ? { sealed } : {}) })
  }
  const { manifest, note } = manifestOf(files)
  for (const [name, bytes] of [
    [MANIFEST, manifest],
    [MANIFEST_NOTE, note],
  ] as const) {
    yield tarHeader({ name, size: bytes.byteLength })
    yield bytes
    yield padding(bytes.byteLength)
  }
  yield Buffer.alloc(2 * BLOCK)
}

function padding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}
