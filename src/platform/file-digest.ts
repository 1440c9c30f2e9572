import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

const PIECE = 1 << 16

/**
 * SHA-256 (hexadecimal) and size of a file, read into one buffer: streams leave more garbage than they read.
 * @param flags of open(2): where others choose what lies there, without following links and without waiting for a pipe.
 */
export async function fileDigest(
  path: string,
  flags: number = constants.O_RDONLY,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256')
  const file = await open(path, flags)
  try {
    const piece = Buffer.allocUnsafe(PIECE)
    for (let bytes = 0; ; ) {
      const { bytesRead } = await file.read(piece, 0, PIECE)
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes }
      bytes += bytesRead
      hash.update(piece.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}
