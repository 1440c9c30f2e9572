import { createHash } from 'node:crypto'
import { AhoCorasick } from '../../platform/text/aho-corasick.ts'
import { PATTERNS } from './patterns.ts'

/** A secret that stands in a text. The secret itself leaves this module only veiled and as a digest. */
export interface FoundSecret {
  readonly pattern: string
  readonly title: string
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

const KEYWORDS = [...new Set(PATTERNS.flatMap(({ keywords }) => keywords))]
const BY_KEYWORD = KEYWORDS.map((word) => PATTERNS.flatMap((one, at) => (one.keywords.includes(word) ? [at] : [])))
const AUTOMATON = new AhoCorasick(KEYWORDS.map((text, id) => ({ text, id })))

let units = new Uint16Array(1 << 16)

/** Which patterns have a keyword in the text: one pass, whatever their number. */
function candidates(text: string): readonly number[] {
  if (units.length < text.length) units = new Uint16Array(text.length * 2)
  for (let at = 0; at < text.length; at += 1) units[at] = text.charCodeAt(at)
  const found: number[] = []
  AUTOMATON.collect(units, text.length, found)
  if (found.length === 0) return []
  return [...new Set([...new Set(found)].flatMap((id) => BY_KEYWORD[id]!))].sort((a, b) => a - b)
}

/** Finds secrets in a text, each place once, by the pattern that says most of it. */
export function scanText(text: string): readonly FoundSecret[] {
  const possible = candidates(text)
  if (possible.length === 0) return []
  const spans: { readonly from: number; readonly to: number; readonly pattern: number; readonly secret: string }[] = []
  let lower: string | undefined
  for (const at of possible) {
    const pattern = PATTERNS[at]!
    lower ??= text.toLowerCase()
    for (const [from, to] of windows(lower, pattern.keywords)) {
      pattern.regex.lastIndex = 0
      for (const match of text.slice(from, to).matchAll(pattern.regex)) {
        const secret = match.groups?.['secret']
        const span = match.indices?.groups?.['secret']
        if (secret === undefined || span === undefined) continue
        if (
          isPlaceholder(secret, pattern.sample.prefix) ||
          entropyOf(secret) < pattern.entropy ||
          pattern.check?.(secret) === false
        )
          continue
        spans.push({ from: from + span[0], to: from + span[1], pattern: at, secret })
      }
    }
  }
  const kept = spans
    .sort((a, b) => Number(isGeneral(a.pattern)) - Number(isGeneral(b.pattern)) || a.pattern - b.pattern || a.from - b.from)
    .reduce<typeof spans>((all, span) => {
      if (!all.some((other) => span.from < other.to && other.from < span.to)) all.push(span)
      return all
    }, [])
    .sort((a, b) => a.from - b.from)
  const lines = lineStarts(text)
  return kept.flatMap(({ from, pattern, secret }) => {
    const line = lineAt(lines, from)
    const start = lines[line - 1]!
    const end = lines[line] ?? text.length
    if (ALLOWED.test(text.slice(start, Math.min(end, start + 4000)))) return []
    const { id, title } = PATTERNS[pattern]!
    return [{ pattern: id, title, line, veiled: veil(secret), digest: digestOf(id, secret) }]
  })
}

function isGeneral(pattern: number): boolean {
  return GENERAL.has(PATTERNS[pattern]!.id)
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
