import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** Files beyond this are told by name and size alone. */
const LARGEST = 200_000_000

const PIECE = 1 << 16

/**
 * SHA-256 of a file's bytes, in hex, read in pieces into one buffer: streams leave more garbage than they read. With
 * `follow` a link is read through, as those of /proc to a program must be, which lead there from any container too.
 */
export async function hashFile(path: string, follow = false): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW))
  try {
    const piece = Buffer.allocUnsafe(PIECE)
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(piece.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

/** Hashes of programs, remembered for as long as device, inode, size and time of change stay. */
export function hashCache(most: number): (path: string) => Promise<string | undefined> {
  const known = new Map<string, string>()
  return async (path) => {
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path)
      if (size > LARGEST) return undefined
      const key = `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`
      const found = known.get(key)
      if (found !== undefined) return found
      const hash = await hashFile(path, true)
      if (known.size >= most) known.delete(known.keys().next().value!)
      known.set(key, hash)
      return hash
    } catch {
      return undefined
    }
  }
}
