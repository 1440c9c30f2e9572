import { constants } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileDigest } from '../../platform/file-digest.ts'

/** Files beyond this are told by name and size alone. */
const LARGEST = 200_000_000

/**
 * SHA-256 of a file's bytes, in hex. With `follow` a link is read through, as those of /proc to a program must be, which
 * lead there from any container too.
 */
export async function hashFile(path: string, follow = false): Promise<string> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW)
  return (await fileDigest(path, flags)).sha256
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
