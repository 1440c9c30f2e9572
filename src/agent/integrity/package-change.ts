import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'

/** What package managers keep of the files that they bring. */
export type Digest = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** A package that a change came with. */
export interface PackageOf {
  readonly type: 'dpkg' | 'rpm' | 'apk'
  readonly name: string
  readonly version: string
  /** The content is what the package brought, by this digest; or it has no content that one could be of, or is gone (`listed`). */
  readonly by: Digest | 'listed'
}

export interface Changed {
  readonly path: string
  readonly type: 'file' | 'dir' | 'symlink' | 'other'
  /** It is gone. */
  readonly gone: boolean
  /** Between these it happened, milliseconds UTC. */
  readonly from: number
  readonly to: number
}

/** Recognises what the host's package manager changed. */
export interface PackageChanges {
  /** Learns which package the watched paths belong to, for a removed one takes its list along. */
  readonly learn: (watched: (path: string) => boolean) => Promise<void>
  readonly find: (changed: Changed) => Promise<PackageOf | undefined>
  /** It did something within the last seconds, and may not have written everything yet. */
  readonly busy: () => Promise<boolean>
}

const LARGEST = 100_000_000

/** Undefined where it cannot be read, or is larger than what is read for this. */
export async function digestOf(digest: Digest, path: string, encoding: 'hex' | 'base64' = 'hex'): Promise<string | undefined> {
  try {
    const { size } = await stat(path)
    return size > LARGEST
      ? undefined
      : createHash(digest)
          .update(await readFile(path))
          .digest(encoding)
  } catch {
    return undefined
  }
}

/** How a path may be written by a package that knows `/usr/bin` as `/bin`, or the other way round. */
export const spellingsOf = (path: string): readonly string[] => [
  path,
  path.startsWith('/usr/') ? path.slice('/usr'.length) : `/usr${path}`,
]

/** Several managers as one: whichever knows. */
export function anyOf(managers: readonly PackageChanges[]): PackageChanges {
  return {
    async learn(watched) {
      for (const one of managers) await one.learn(watched)
    },
    async find(changed) {
      for (const one of managers) {
        const found = await one.find(changed)
        if (found !== undefined) return found
      }
      return undefined
    },
    async busy() {
      for (const one of managers) if (await one.busy()) return true
      return false
    },
  }
}
