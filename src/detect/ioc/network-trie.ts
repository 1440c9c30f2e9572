import { addressBytes } from './address-bytes.ts'

const FIRST_NODES = 1 << 12
const WORDS = 3

/**
 * Networks by their bits (a binary radix trie in one typed array: 12 bytes a node): an address finds all networks it lies in, in at
 * most 32 or 128 steps, however many there are.
 */
export class NetworkTrie {
  /** Of each node: where a 0 leads, where a 1 leads, and the first of its entries plus one; 0 is nothing. */
  #nodes = new Int32Array(FIRST_NODES * WORDS)
  #used = 3
  /** The next entry of the same network, by entry. */
  readonly #next = new Map<number, number>()
  size = 0

  /** Roots: node 1 for IPv4, node 2 for IPv6. */
  static #root(bytes: readonly number[]): number {
    return bytes.length === 4 ? 1 : 2
  }

  /** @param network `address/bits` with a good address. */
  add(network: string, entry: number): void {
    const slash = network.lastIndexOf('/')
    const bytes = addressBytes(network.slice(0, slash))!
    // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
    const bits = Number(network.slice(slash + 1)) - (bytes.length === 4 && network.includes(':') ? 96 : 0)
    let node = NetworkTrie.#root(bytes)
    for (let at = 0; at < bits; at += 1) {
      const side = node * WORDS + ((bytes[at >> 3]! >> (7 - (at & 7))) & 1)
      let next = this.#nodes[side]!
      if (next === 0) {
        next = this.#newNode()
        this.#nodes[side] = next
      }
      node = next
    }
    const first = this.#nodes[node * WORDS + 2]!
    if (first !== 0) this.#next.set(entry, first - 1)
    this.#nodes[node * WORDS + 2] = entry + 1
    this.size += 1
  }

  /** Calls `found` for each network that the address lies in, the widest first. */
  lookUp(bytes: readonly number[], found: (entry: number) => void): void {
    let node = NetworkTrie.#root(bytes)
    const width = bytes.length * 8
    for (let at = 0; ; at += 1) {
      for (let entry = this.#nodes[node * WORDS + 2]! - 1; entry >= 0; entry = this.#next.get(entry) ?? -1) found(entry)
      if (at === width) return
      node = this.#nodes[node * WORDS + ((bytes[at >> 3]! >> (7 - (at & 7))) & 1)]!
      if (node === 0) return
    }
  }

  #newNode(): number {
    if (this.#used * WORDS >= this.#nodes.length) {
      const larger = new Int32Array(this.#nodes.length * 2)
      larger.set(this.#nodes)
      this.#nodes = larger
    }
    this.#used += 1
    return this.#used - 1
  }
}
