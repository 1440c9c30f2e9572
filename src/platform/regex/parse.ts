import type { RegexNode } from './ast.ts'
import {
  ANY,
  type CharSet,
  complement,
  DIGIT,
  HORIZONTAL,
  NEWLINE,
  SPACE,
  single,
  union,
  VERTICAL,
  WORD,
  withBothAsciiCases,
  withBothCases,
} from './char-set.ts'

export interface RegexSource {
  readonly pattern: string
  readonly insensitive: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  /**
   * The text is a byte string and the pattern PCRE's in the C locale, as a web application firewall compiles it: letters have two cases in
   * ASCII only, `$` is the very end, `\v` all vertical white space, and groups are kept to be captured.
   */
  readonly bytes?: boolean
}

export type ParsedRegex =
  | { readonly node: RegexNode }
  | { readonly fault: { readonly code: 'regex-syntax' | 'regex-unsupported'; readonly reason: string } }

const LONGEST_PATTERN = 8192
/** Rule sets for request bodies hold generated alternatives of tens of kilobytes. */
const LONGEST_BYTE_PATTERN = 131_072
const DEEPEST = 60
const MOST_REPETITIONS = 1000

class RegexError extends Error {
  readonly code: 'regex-syntax' | 'regex-unsupported'
  constructor(code: 'regex-syntax' | 'regex-unsupported', reason: string) {
    super(reason)
    this.code = code
  }
}

interface Flags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
  readonly x: boolean
}

/**
 * Parses the part of PCRE that Sigma allows and what rules use beyond it (inline flags, look-around, \A \z \Z \h, POSIX classes).
 * Back-references, recursion, conditionals, atomic groups and possessive quantifiers are refused: they cannot be run in linear time.
 */
export function parseRegex(source: RegexSource): ParsedRegex {
  try {
    const longest = source.bytes === true ? LONGEST_BYTE_PATTERN : LONGEST_PATTERN
    if (source.pattern.length > longest) {
      throw new RegexError('regex-unsupported', `the pattern is longer than ${longest} characters`)
    }
    return { node: new RegexParser(source).parse() }
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    return { fault: { code: error.code, reason: `${error.message} in the regular expression ${source.pattern}` } }
  }
}

const POSIX: Readonly<Record<string, CharSet>> = {
  alpha: [65, 90, 97, 122],
  digit: DIGIT,
  alnum: [48, 57, 65, 90, 97, 122],
  upper: [65, 90],
  lower: [97, 122],
  space: SPACE,
  blank: [9, 9, 32, 32],
  punct: [33, 47, 58, 64, 91, 96, 123, 126],
  xdigit: [48, 57, 65, 70, 97, 102],
  word: WORD,
  cntrl: [0, 31, 127, 127],
  print: [32, 126],
  graph: [33, 126],
}

const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
  h: HORIZONTAL,
  H: complement(HORIZONTAL),
  N: complement(NEWLINE),
}

const CONTROL: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, e: 27 }

class RegexParser {
  readonly #text: string
  readonly #bytes: boolean
  #at = 0
  #depth = 0
  #flags: Flags

  constructor(source: RegexSource) {
    this.#text = source.pattern
    this.#bytes = source.bytes === true
    this.#flags = { i: source.insensitive, m: source.multiline, s: source.dotAll, x: false }
  }

  parse(): RegexNode {
    const node = this.#choice()
    if (this.#at < this.#text.length) throw new RegexError('regex-syntax', "an unmatched ')'")
    return node
  }

  #choice(): RegexNode {
    const outer = this.#flags
    const items = [this.#sequence()]
    while (this.#text[this.#at] === '|') {
      this.#at += 1
      items.push(this.#sequence())
    }
    this.#flags = outer
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = []
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined || character === '|' || character === ')') break
      if (this.#flags.x && (/\s/.test(character) || character === '#')) {
        this.#skipComment(character)
        continue
      }
      const atom = this.#atom()
      if (atom !== undefined) items.push(this.#quantified(atom))
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items }
  }

  #skipComment(character: string): void {
    if (character !== '#') this.#at += 1
    else {
      const end = this.#text.indexOf('\n', this.#at)
      this.#at = end < 0 ? this.#text.length : end + 1
    }
  }

  #quantified(atom: RegexNode): RegexNode {
    let node = atom
    for (let count = 0; ; count += 1) {
      const range = this.#quantifier()
      if (range === undefined) return node
      if (count > 0) throw new RegexError('regex-syntax', 'a quantifier follows a quantifier')
      let lazy = false
      if (this.#text[this.#at] === '?') {
        lazy = true
        this.#at += 1
      } else if (this.#text[this.#at] === '+') throw new RegexError('regex-unsupported', 'a possessive quantifier')
      if (node.kind === 'assertion' || node.kind === 'look') {
        if (range[0] === 0) node = { kind: 'sequence', items: [] }
        continue
      }
      node = { kind: 'repeat', item: node, min: range[0], max: range[1], lazy }
    }
  }

  #quantifier(): readonly [number, number] | undefined {
    const character = this.#text[this.#at]
    if (character === '*' || character === '+' || character === '?') {
      this.#at += 1
      return character === '*' ? [0, Infinity] : character === '+' ? [1, Infinity] : [0, 1]
    }
    if (character !== '{') return undefined
    const match = /^\{(\d*)(,?)(\d*)\}/.exec(this.#text.slice(this.#at, this.#at + 16))
    if (match === null || (match[1] === '' && match[3] === '')) return undefined
    this.#at += match[0].length
    const min = match[1] === '' ? 0 : Number(match[1])
    const max = match[2] === '' ? min : match[3] === '' ? Infinity : Number(match[3])
    if (max < min) throw new RegexError('regex-syntax', `{${min},${max}} is out of order`)
    if (min > MOST_REPETITIONS || (max !== Infinity && max > MOST_REPETITIONS)) {
      throw new RegexError('regex-unsupported', `more than ${MOST_REPETITIONS} repetitions`)
    }
    return [min, max]
  }

  #atom(): RegexNode | undefined {
    const character = this.#text[this.#at]!
    this.#at += 1
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return this.#set(this.#class())
      case '.':
        return { kind: 'set', set: this.#flags.s ? ANY : complement(NEWLINE) }
      case '^':
        return { kind: 'assertion', what: this.#flags.m ? 'line-start' : 'start' }
      case '$':
        return { kind: 'assertion', what: this.#flags.m ? 'line-end' : this.#bytes ? 'last' : 'end' }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw new RegexError('regex-syntax', `nothing to repeat before '${character}'`)
      default:
        return this.#set(single(character.charCodeAt(0)))
    }
  }

  #set(set: CharSet): RegexNode {
    return { kind: 'set', set: this.#flags.i ? this.#bothCases(set) : set }
  }

  #bothCases(set: CharSet): CharSet {
    return this.#bytes ? withBothAsciiCases(set) : withBothCases(set)
  }

  #group(): RegexNode | undefined {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw new RegexError('regex-unsupported', `more than ${DEEPEST} groups inside each other`)
    const rest = this.#text.slice(this.#at, this.#at + 64)
    const outer = this.#flags
    let captures = this.#bytes && !rest.startsWith('?')
    let look: { behind: boolean; negative: boolean } | undefined
    if (rest.startsWith('?')) {
      const flags = /^\?([imsx]*)(?:-([imsx]+))?([:)])/.exec(rest)
      const named = /^\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest)
      const around = /^\?(<?)([=!])/.exec(rest)
      if (flags !== null) {
        this.#at += flags[0].length
        this.#flags = withFlags(outer, flags[1]!, flags[2] ?? '')
        if (flags[3] === ')') {
          this.#depth -= 1
          return undefined
        }
      } else if (around !== null) {
        this.#at += around[0].length
        look = { behind: around[1] === '<', negative: around[2] === '!' }
      } else if (named !== null) {
        this.#at += named[0].length
        captures = this.#bytes
      } else if (rest.startsWith('?#')) {
        const end = this.#text.indexOf(')', this.#at)
        if (end < 0) throw new RegexError('regex-syntax', 'a comment is not closed')
        this.#at = end + 1
        this.#depth -= 1
        return undefined
      } else throw new RegexError('regex-unsupported', `the group (${rest.slice(0, 3)}`)
    }
    const inner = this.#choice()
    if (this.#text[this.#at] !== ')') throw new RegexError('regex-syntax', "a '(' is not closed")
    this.#at += 1
    this.#depth -= 1
    this.#flags = outer
    if (look !== undefined) return { kind: 'look', item: inner, ...look }
    return captures ? { kind: 'group', item: inner } : inner
  }

  #escape(): RegexNode {
    const character = this.#text[this.#at]
    if (character === undefined) throw new RegexError('regex-syntax', "a '\\' at the end")
    switch (character) {
      case 'b':
      case 'B':
        this.#at += 1
        return { kind: 'assertion', what: character === 'b' ? 'word' : 'not-word' }
      case 'A':
        this.#at += 1
        return { kind: 'assertion', what: 'start' }
      case 'Z':
      case 'z':
        this.#at += 1
        return { kind: 'assertion', what: character === 'Z' ? 'end' : 'last' }
      case 'Q': {
        const end = this.#text.indexOf('\\E', this.#at)
        const quoted = this.#text.slice(this.#at + 1, end < 0 ? undefined : end)
        this.#at = end < 0 ? this.#text.length : end + 2
        return { kind: 'sequence', items: Array.from(quoted, (unit) => this.#set(single(unit.charCodeAt(0)))) }
      }
      default:
        return this.#set(this.#escapedSet())
    }
  }

  /** The set of an escape that may stand in a class too; `#at` is behind the backslash. */
  #escapedSet(): CharSet {
    const character = this.#text[this.#at]!
    this.#at += 1
    const named = Object.hasOwn(CLASSES, character) ? CLASSES[character] : undefined
    if (named !== undefined) return named
    if (this.#bytes && (character === 'v' || character === 'V')) return character === 'v' ? VERTICAL : complement(VERTICAL)
    const control = Object.hasOwn(CONTROL, character) ? CONTROL[character] : undefined
    if (control !== undefined) return single(control)
    if (character === 'x') return single(this.#hex())
    if (character === 'u') return single(this.#fixedHex(4))
    if (character === '0') return this.#bytes ? single(this.#octal()) : single(0)
    if (/[1-9]/.test(character) || character === 'k' || character === 'g')
      throw new RegexError('regex-unsupported', 'a back-reference')
    if (character === 'E') return []
    if (/[A-Za-z]/.test(character)) throw new RegexError('regex-unsupported', `the escape '\\${character}'`)
    return single(character.charCodeAt(0))
  }

  /** Up to two more octal digits after `\0`. */
  #octal(): number {
    const digits = /^[0-7]{0,2}/.exec(this.#text.slice(this.#at, this.#at + 2))![0]
    this.#at += digits.length
    return Number.parseInt(`0${digits}`, 8)
  }

  #hex(): number {
    if (this.#text[this.#at] !== '{') return this.#fixedHex(2)
    const end = this.#text.indexOf('}', this.#at)
    const digits = end < 0 ? '' : this.#text.slice(this.#at + 1, end)
    if (!/^[0-9a-fA-F]{1,4}$/.test(digits)) throw new RegexError('regex-unsupported', 'a \\x{…} beyond one UTF-16 unit')
    this.#at = end + 1
    return Number.parseInt(digits, 16)
  }

  #fixedHex(length: number): number {
    const digits = this.#text.slice(this.#at, this.#at + length)
    if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits))
      throw new RegexError('regex-syntax', 'an incomplete hexadecimal escape')
    this.#at += length
    return Number.parseInt(digits, 16)
  }

  #class(): CharSet {
    let negated = false
    if (this.#text[this.#at] === '^') {
      negated = true
      this.#at += 1
    }
    const sets: CharSet[] = []
    for (let first = true; ; first = false) {
      const character = this.#text[this.#at]
      if (character === undefined) throw new RegexError('regex-syntax', "a '[' is not closed")
      if (character === ']' && !first) break
      const from = this.#classAtom()
      const isRange = this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']' && this.#text[this.#at + 1] !== undefined
      if (!isRange || from.length !== 2 || from[0] !== from[1]) {
        sets.push(from)
        continue
      }
      this.#at += 1
      const to = this.#classAtom()
      if (to.length !== 2 || to[0] !== to[1]) sets.push(from, single(45), to)
      else if (to[0]! < from[0]!) throw new RegexError('regex-syntax', 'a range out of order')
      else sets.push([from[0]!, to[0]!])
    }
    this.#at += 1
    const set = this.#flags.i ? this.#bothCases(union(sets)) : union(sets)
    return negated ? complement(set) : set
  }

  #classAtom(): CharSet {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 16))
    if (posix !== null) {
      const set = Object.hasOwn(POSIX, posix[2]!) ? POSIX[posix[2]!] : undefined
      if (set === undefined) throw new RegexError('regex-syntax', `the class [:${posix[2]}:] is unknown`)
      this.#at += posix[0].length
      return posix[1] === '' ? set : complement(set)
    }
    const character = this.#text[this.#at]!
    this.#at += 1
    if (character !== '\\') return single(character.charCodeAt(0))
    if (this.#text[this.#at] === undefined) throw new RegexError('regex-syntax', "a '\\' at the end")
    if (this.#text[this.#at] === 'b') {
      this.#at += 1
      return single(8)
    }
    return this.#escapedSet()
  }
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const of = (name: keyof Flags) => (off.includes(name) ? false : on.includes(name) || flags[name])
  return { i: of('i'), m: of('m'), s: of('s'), x: of('x') }
}
