/** The whole document. */
export const ROOT = 0
/** A key that no path leads through. */
export const ELSEWHERE = -1

/** How a key's hash goes on with its next byte; it begins with the parent's number. */
export function hashedOn(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0
}

/** Paths of keys that somebody asks for, as a tree: each path has a number, and a key's bytes lead from one to the next. */
export class PathTable {
  #parents: number[] = [ELSEWHERE]
  #hashes: number[] = [0]
  #keys: Uint8Array[] = [new Uint8Array(0)]
  #isInner: boolean[] = [true]
  /** Open addressing by hash: numbers of paths, 0 where nothing is. */
  #buckets = new Int32Array(64)

  /** Paths known, the root among them. */
  get size(): number {
    return this.#parents.length
  }

  /** The path's number; new paths are entered. Undefined for a key beyond ASCII: bytes may spell it in more than one way. */
  enter(keys: readonly string[]): number | undefined {
    let path = ROOT
    for (const key of keys) {
      if (!/^[\x20-\x7f]*$/.test(key)) return undefined
      path = this.#enterChild(path, Buffer.from(key, 'latin1'))
    }
    return path
  }

  /** Where the key from `start` to `end` leads; `hash` is that of `hashedOn` over its bytes. */
  child(parent: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#buckets.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const path = this.#buckets[at]!
      if (path === 0) return ELSEWHERE
      if (this.#hashes[path] === hash && this.#parents[path] === parent && isSame(this.#keys[path]!, bytes, start, end))
        return path
    }
  }

  /** Whether paths lead on from this one. */
  hasChildren(path: number): boolean {
    return path !== ELSEWHERE && this.#isInner[path]!
  }

  #enterChild(parent: number, key: Uint8Array): number {
    const hash = key.reduce(hashedOn, parent)
    const known = this.child(parent, hash, key, 0, key.length)
    if (known !== ELSEWHERE) return known
    const path = this.#parents.length
    this.#parents.push(parent)
    this.#hashes.push(hash)
    this.#keys.push(key)
    this.#isInner.push(false)
    this.#isInner[parent] = true
    if (path * 4 > this.#buckets.length) this.#grow()
    else this.#place(path)
    return path
  }

  #grow(): void {
    this.#buckets = new Int32Array(this.#buckets.length * 4)
    for (let path = 1; path < this.#parents.length; path += 1) this.#place(path)
  }

  #place(path: number): void {
    const mask = this.#buckets.length - 1
    let at = this.#hashes[path]! & mask
    while (this.#buckets[at] !== 0) at = (at + 1) & mask
    this.#buckets[at] = path
  }
}

function isSame(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false
  for (let at = 0; at < key.length; at += 1) if (key[at] !== bytes[start + at]) return false
  return true
}
