import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of all files below a folder, those with several names once; what goes away meanwhile counts as nothing. */
export function folderBytes(path: string): number {
  const seen = new Set<number>()
  const sizeOf = (folder: string): number => {
    let sum = 0
    for (const entry of entries(folder)) {
      const inner = join(folder, entry.name)
      if (entry.isDirectory()) sum += sizeOf(inner)
      else sum += fileBytes(inner, seen)
    }
    return sum
  }
  return sizeOf(path)
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function fileBytes(path: string, seen: Set<number>): number {
  try {
    const { size, ino, nlink } = statSync(path)
    if (nlink > 1 && seen.has(ino)) return 0
    seen.add(ino)
    return size
  } catch {
    return 0
  }
}
