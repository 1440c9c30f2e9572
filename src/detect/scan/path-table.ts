import { MEMORY } from './memory.ts'

/** The whole document. */
export const ROOT = 0

const FIELDS = 4
const LENGTH = 3
const IS_INNER = 1 << 31
const QUOTE = 34
const BLOCK = 16

/** Paths of keys that somebody asks for, as a tree, where the scanning code looks them up: each has a number, the root's is 0. */
export class PathTable {
  readonly #bytes: Uint8Array
  readonly #paths: Int32Array
  readonly #buckets: Int32Array
  readonly #children = new Map<string, number>()
  #size = 1
  #keysEnd: number = MEMORY.keys

  constructor(memory: ArrayBuffer) {
    this.#bytes = new Uint8Array(memory)
    this.#paths = new Int32Array(memory, MEMORY.paths, MEMORY.mostPaths * FIELDS)
    this.#buckets = new Int32Array(memory, MEMORY.buckets, MEMORY.bucketCount)
  }

  /** Paths known, the root among them. */
  get size(): number {
    return this.#size
  }

  /** The path's number; new paths are entered. Undefined for a key beyond ASCII, which bytes may spell in more than one way, and when all is full. */
  enter(keys: readonly string[]): number | undefined {
    if (!keys.every((key) => /^[\x20-\x7f]*$/.test(key))) return undefined
    let path: number | undefined = ROOT
    for (const key of keys) {
      path = this.#children.get(`${path}\n${key}`) ?? this.#enterChild(path, key)
      if (path === undefined) return undefined
    }
    return path
  }

  #enterChild(parent: number, key: string): number | undefined {
    const blocks = Math.ceil((key.length + 1) / BLOCK)
    if (this.#size === MEMORY.mostPaths || this.#keysEnd + blocks * BLOCK > MEMORY.keysEnd) return undefined
    const path = this.#size
    this.#size += 1
    this.#bytes.set(Buffer.from(key, 'latin1'), this.#keysEnd)
    const hash = hashOf(parent, key)
    this.#paths.set([parent, hash, this.#keysEnd, key.length], path * FIELDS)
    const lengthOfParent = parent * FIELDS + LENGTH
    this.#paths[lengthOfParent] = this.#paths[lengthOfParent]! | IS_INNER
    this.#keysEnd += blocks * BLOCK
    let at = hash >>> 16
    while (this.#buckets[at % MEMORY.bucketCount] !== 0) at += 1
    this.#buckets[at % MEMORY.bucketCount] = path
    this.#children.set(`${parent}\n${key}`, path)
    return path
  }
}

/** As `$child` in scan-code.ts makes it: of the first, middle and last byte. An empty key has the quotes around it in their place. */
function hashOf(parent: number, key: string): number {
  const byte = (at: number) => (key === '' ? QUOTE : key.charCodeAt(at))
  const sum =
    Math.imul(key.length, 0x01000193) +
    Math.imul(parent, 0x27d4eb2f) +
    Math.imul(byte(0), 0x165667b1) +
    Math.imul(byte(key.length >> 1), 0x05ebca6b) +
    Math.imul(byte(key.length - 1), 0x42b2ae35)
  return Math.imul(sum, 0x1e3779b1)
}
