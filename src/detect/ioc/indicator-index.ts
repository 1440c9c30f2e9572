import { addressBytes } from './address-bytes.ts'
import { canonicalAddress, type IndicatorKind, normalDomain, normalUrl } from './indicator.ts'
import { NetworkTrie } from './network-trie.ts'

/** A list, as a hit shows it. */
export interface IndexedList {
  readonly id: string
  readonly name: string
  readonly scope: string
}

/** An indicator as it is stored. */
export interface StoredIndicator {
  readonly kind: IndicatorKind
  readonly value: string
  readonly confidence: number
  readonly until: number | null
  readonly note: string
}

export interface IndicatorHit extends StoredIndicator {
  readonly list: IndexedList
}

const LONGEST_NAME = 253
const NEVER = Number.POSITIVE_INFINITY

/**
 * All indicators of all lists, to be asked about single values: a hash table for each kind, a radix trie for networks, names by
 * their endings. Memory is bounded by whoever fills it; about 180 bytes an indicator.
 */
export class IndicatorIndex {
  readonly #lists: IndexedList[] = []
  readonly #listOf = new Map<string, number>()
  readonly #tables: Readonly<Record<Exclude<IndicatorKind, 'network'>, Map<string, number>>> = {
    ip: new Map(),
    domain: new Map(),
    url: new Map(),
    hash: new Map(),
  }
  readonly #networks = new NetworkTrie()
  /** By entry: its kind and value, list, confidence, end. */
  readonly #values: string[] = []
  readonly #kinds: IndicatorKind[] = []
  readonly #listNumbers: number[] = []
  readonly #confidences: number[] = []
  readonly #untils: number[] = []
  /** The same value in another list. */
  readonly #more = new Map<number, number>()
  readonly #notes = new Map<number, string>()

  get size(): number {
    return this.#values.length
  }

  add(list: IndexedList, { kind, value, confidence, until, note }: StoredIndicator): void {
    const entry = this.#values.length
    this.#values.push(value)
    this.#kinds.push(kind)
    this.#listNumbers.push(this.#numberOf(list))
    this.#confidences.push(confidence)
    this.#untils.push(until ?? NEVER)
    if (note !== '') this.#notes.set(entry, note)
    if (kind === 'network') {
      this.#networks.add(value, entry)
      return
    }
    const table = this.#tables[kind]
    const before = table.get(value)
    if (before !== undefined) this.#more.set(entry, before)
    table.set(value, entry)
  }

  #numberOf(list: IndexedList): number {
    let number = this.#listOf.get(list.id)
    if (number === undefined) {
      number = this.#lists.length
      this.#lists.push(list)
      this.#listOf.set(list.id, number)
    }
    return number
  }

  /** Indicators that an address is, or lies in. */
  address(text: string, found: (hit: IndicatorHit) => void): void {
    const { ip } = this.#tables
    if (ip.size === 0 && this.#networks.size === 0) return
    const isPlain = !text.includes(':')
    if (ip.size > 0) this.#entries(ip.get(isPlain ? text : (canonicalAddress(text) ?? '')), found)
    if (this.#networks.size === 0) return
    const bytes = addressBytes(text)
    if (bytes !== undefined) this.#networks.lookUp(bytes, (entry) => found(this.#hit(entry)))
  }

  /** Indicators that a name is, or lies below. */
  domain(text: string, found: (hit: IndicatorHit) => void): void {
    const table = this.#tables.domain
    if (table.size === 0) return
    const name = plainName(text) ? text : normalDomain(text)
    if (name === undefined) return
    // No indicator is longer; asking for each ending of a text of any length would be quadratic.
    let at = name.length > LONGEST_NAME ? name.indexOf('.', name.length - LONGEST_NAME - 1) + 1 : 0
    if (at === 0 && name.length > LONGEST_NAME) return
    for (;;) {
      this.#entries(table.get(at === 0 ? name : name.slice(at)), found)
      const dot = name.indexOf('.', at)
      if (dot < 0) return
      at = dot + 1
    }
  }

  /** A URL is compared whole and without its query; its host as a name or an address. */
  url(text: string, found: (hit: IndicatorHit) => void): void {
    const table = this.#tables.url
    if (table.size === 0) return
    const url = normalUrl(text)
    if (url === undefined) return
    this.#entries(table.get(url), found)
    const query = url.indexOf('?')
    if (query > 0) this.#entries(table.get(url.slice(0, query)), found)
  }

  hash(text: string, found: (hit: IndicatorHit) => void): void {
    const table = this.#tables.hash
    if (table.size > 0) this.#entries(table.get(text.toLowerCase()), found)
  }

  #entries(first: number | undefined, found: (hit: IndicatorHit) => void): void {
    for (let entry = first; entry !== undefined; entry = this.#more.get(entry)) found(this.#hit(entry))
  }

  #hit(entry: number): IndicatorHit {
    const until = this.#untils[entry]!
    return {
      kind: this.#kinds[entry]!,
      value: this.#values[entry]!,
      confidence: this.#confidences[entry]!,
      until: until === NEVER ? null : until,
      note: this.#notes.get(entry) ?? '',
      list: this.#lists[this.#listNumbers[entry]!]!,
    }
  }
}

/** A name that is written as indicators are: nothing has to be changed to look it up. */
function plainName(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    const isPlain = (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 45 || code === 46 || code === 95
    if (!isPlain) return false
  }
  return !text.endsWith('.')
}
