import { createHash } from 'node:crypto'
import { AhoCorasick } from '../../platform/text/aho-corasick.ts'
import type { Severity } from '../cvss/score.ts'
import type { SecretShape } from './pattern.ts'
import { PATTERNS } from './patterns.ts'

/** A secret that stands in a text. The secret itself leaves this module only veiled and as a digest. */
export interface FoundSecret {
  readonly pattern: string
  readonly title: string
  readonly severity: Severity
  /** From 1. */
  readonly line: number
  /** Its first letters and its length: enough to find it, too little to use it. */
  readonly veiled: string
  /** SHA-256 of pattern and secret, 32 hexadecimal digits: the same secret anywhere has the same. */
  readonly digest: string
}

/** Patterns that any secret matches: what a nearer one names is not named again. */
const GENERAL: ReadonlySet<string> = new Set(['generic-secret', 'basic-url', 'npmrc', 'jwt'])
/** A match is looked for around its keyword; private keys are the longest. */
const BEFORE = 400
const AFTER = 16_000
const ALLOWED = /kanpeki:allow|gitleaks:allow|pragma: ?allowlist secret|nosecret/i

let units = new Uint16Array(1 << 16)

interface Span {
  readonly from: number
  readonly to: number
  readonly pattern: number
  readonly secret: string
}

/** Looks for secrets of some patterns; earlier ones say more of a place than later ones. */
export class SecretScanner {
  readonly #patterns: readonly SecretShape[]
  readonly #byKeyword: readonly (readonly number[])[]
  readonly #automaton: AhoCorasick

  constructor(patterns: readonly SecretShape[]) {
    this.#patterns = patterns
    const keywords = [...new Set(patterns.flatMap((one) => one.keywords))]
    this.#byKeyword = keywords.map((word) => patterns.flatMap((one, at) => (one.keywords.includes(word) ? [at] : [])))
    this.#automaton = new AhoCorasick(keywords.map((text, id) => ({ text, id })))
  }

  /**
   * Finds secrets in a text, each place once, by the pattern that says most of it.
   * @param all also in lines that are marked as known.
   */
  scan(text: string, all = false): readonly FoundSecret[] {
    const possible = this.#candidates(text)
    if (possible.length === 0) return []
    const lower = lowered(text)
    const spans = possible.flatMap((at) => this.#spans(text, lower, at))
    const taken = new Uint8Array(spans.length === 0 ? 0 : text.length)
    const kept = spans
      .sort(
        (a, b) =>
          Number(this.#isGeneral(a.pattern)) - Number(this.#isGeneral(b.pattern)) || a.pattern - b.pattern || a.from - b.from,
      )
      .filter(({ from, to }) => {
        if (taken.subarray(from, to).includes(1)) return false
        taken.fill(1, from, to)
        return true
      })
      .sort((a, b) => a.from - b.from)
    const lines = lineStarts(text)
    return kept.flatMap(({ from, pattern, secret }) => {
      const line = lineAt(lines, from)
      const start = lines[line - 1]!
      const end = lines[line] ?? text.length
      if (!all && ALLOWED.test(text.slice(start, Math.min(end, start + 4000)))) return []
      const { id, title, severity } = this.#patterns[pattern]!
      return [{ pattern: id, title, severity, line, veiled: veil(secret), digest: digestOf(id, secret) }]
    })
  }

  #spans(text: string, lower: string, at: number): readonly Span[] {
    const { keywords, find, prefix, entropy, check } = this.#patterns[at]!
    return windows(lower, keywords).flatMap(([begin, end]) =>
      [...find(text.slice(begin, end))].flatMap(({ from, to }) => {
        const secret = text.slice(begin + from, begin + to)
        if (isPlaceholder(secret, prefix) || entropyOf(secret) < entropy || check?.(secret) === false) return []
        return [{ from: begin + from, to: begin + to, pattern: at, secret }]
      }),
    )
  }

  /** Which patterns have a keyword in the text: one pass, whatever their number. */
  #candidates(text: string): readonly number[] {
    if (units.length < text.length) units = new Uint16Array(text.length * 2)
    for (let at = 0; at < text.length; at += 1) units[at] = text.charCodeAt(at)
    const found: number[] = []
    this.#automaton.collect(units, text.length, found)
    if (found.length === 0) return []
    return [...new Set([...new Set(found)].flatMap((id) => this.#byKeyword[id]!))].sort((a, b) => a - b)
  }

  #isGeneral(pattern: number): boolean {
    return GENERAL.has(this.#patterns[pattern]!.id)
  }
}

const SHIPPED = new SecretScanner(PATTERNS)

/** Finds secrets of the patterns that ship. */
export function scanText(text: string): readonly FoundSecret[] {
  return SHIPPED.scan(text)
}

/** In small letters, each character where it was: `İ` in small letters is two. */
function lowered(text: string): string {
  const lower = text.toLowerCase()
  return lower.length === text.length ? lower : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Where to look: around each keyword, near ones joined. */
function windows(lower: string, keywords: readonly string[]): readonly (readonly [number, number])[] {
  const places: (readonly [number, number])[] = []
  for (const word of keywords)
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1)) places.push([at - BEFORE, at + AFTER])
  const joined: [number, number][] = []
  for (const [from, to] of places.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else joined.push([Math.max(0, from), to])
  }
  return joined
}

/** Bits a character (Shannon). */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** What stands in documents for a secret. */
function isPlaceholder(secret: string, prefix: string): boolean {
  // Keys in PEM are judged by their bytes, which hold runs of zeros.
  if (secret.startsWith('-----')) return false
  const random = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret
  return PLACEHOLDER.test(random.length > 400 ? random.slice(0, 400) : random)
}

const PLACEHOLDER =
  /example|sample|dummy|placeholder|redacted|change[-_]?me|your[-_]|my[-_]?secret|xxxx|\*{4}|\.{4}|0{8}|1234567890|0123456789|abcdefgh(?!.*[A-Z0-9].*[a-z])|(.)\1{7}|<[^>]+>|\$\{|\{\{/i

function veil(secret: string): string {
  const shown = secret.startsWith('-----') ? '-----' : secret.slice(0, Math.min(4, Math.floor(secret.length / 4)))
  return `${shown}… (${secret.length} characters)`
}

function digestOf(pattern: string, secret: string): string {
  return createHash('sha256').update(`${pattern}\u0000${secret}`).digest('hex').slice(0, 32)
}

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function lineAt(starts: readonly number[], place: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= place) low = middle + 1
    else high = middle
  }
  return low
}
