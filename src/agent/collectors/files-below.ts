import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Paths of the regular files in a folder and below it; links are not followed, and what cannot be read holds none. */
export async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}
