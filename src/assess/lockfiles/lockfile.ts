import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { makePurl, writePurl } from '../purl/purl.ts'

/** A package at the one version that a lock file names. */
export interface LockedPackage {
  readonly purl: string
  readonly name: string
  readonly version: string
}

export interface LockReading {
  readonly packages: readonly LockedPackage[]
  /** Entries that name no version that could be looked up (a path, a branch), each with why; they are counted, not guessed. */
  readonly left: readonly string[]
}

/** Reads one kind of lock file. */
export interface LockReader {
  readonly id: string
  /** By the file's own name. */
  readonly accepts: (name: string) => boolean
  /** @throws anything for a file that is not of this kind: the caller says which file it was. */
  readonly read: (text: string) => LockReading
}

/** Collects packages, each once. */
export interface Collector {
  add(type: string, name: string, version: string): void
  leave(reason: string): void
  readonly reading: () => LockReading
}

export function collector(): Collector {
  const packages = new Map<string, LockedPackage>()
  const left: string[] = []
  return {
    add(type, name, version) {
      const [namespace, own] = splitName(type, name)
      try {
        const purl = writePurl(makePurl({ type, name: own, version, ...(namespace === undefined ? {} : { namespace }) }))
        packages.set(purl, { purl, name, version })
      } catch (error) {
        left.push(`${name} ${version}: ${messageOf(error)}`)
      }
    },
    leave: (reason) => void left.push(reason),
    reading: () => ({ packages: [...packages.values()], left }),
  }
}

/** Where the name ends and what stands before it begins, by the ecosystem. */
function splitName(type: string, name: string): readonly [string | undefined, string] {
  const cut =
    type === 'maven' ? name.lastIndexOf(':') : ['npm', 'golang', 'composer', 'swift'].includes(type) ? name.lastIndexOf('/') : -1
  return cut <= 0 ? [undefined, name] : [name.slice(0, cut), name.slice(cut + 1)]
}

/** A JSON document as an object. @throws KanpekiError `lock_invalid`. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new KanpekiError('lock_invalid', 'It is no JSON object.')
}
