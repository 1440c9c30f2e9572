import type { Severity } from '../cvss/score.ts'

/** Where a secret stands in a text. */
export interface SecretSpan {
  readonly from: number
  readonly to: number
}

/** How secrets of a kind look, and how a look-alike is told from one. */
export interface SecretShape {
  readonly id: string
  readonly title: string
  readonly severity: Severity
  /** In small letters: only a text that holds one of them is looked at closer. */
  readonly keywords: readonly string[]
  /** In time that grows with the text: it runs on hostile text. */
  readonly find: (text: string) => Iterable<SecretSpan>
  /** What each begins with: it is not looked at where a placeholder is told from a secret. */
  readonly prefix: string
  /** Whether it is built as real ones are (checksum, encoding); no network is asked. */
  readonly check: ((secret: string) => boolean) | undefined
  /** The least Shannon entropy, bits a character; below it stands a placeholder. */
  readonly entropy: number
}

/** One that ships. */
export interface SecretPattern extends SecretShape {
  /** How to make one that is none of anybody's, for tests. */
  readonly sample: Sample
}

export interface Sample {
  readonly before: string
  readonly prefix: string
  readonly alphabet: string
  readonly length: number
  readonly suffix: string
}

const SETS = {
  /** Letters and digits. */
  word: ['A-Za-z0-9', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'],
  /** base64url, without padding. */
  url: ['A-Za-z0-9_-', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'],
  base64: ['A-Za-z0-9+/', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'],
  hex: ['a-f0-9', '0123456789abcdef'],
  hexAny: ['A-Fa-f0-9', '0123456789ABCDEF'],
  base32: ['A-Z2-7', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'],
  upper: ['A-Z0-9', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'],
  lower: ['a-z0-9', 'abcdefghijklmnopqrstuvwxyz0123456789'],
  digit: ['0-9', '0123456789'],
} as const
export type CharSet = keyof typeof SETS

interface More {
  readonly check?: (secret: string) => boolean
  readonly entropy?: number
  /** What stands after the random part, as it is. */
  readonly suffix?: string
  /** Where `max` differs from `length`. */
  readonly max?: number
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

/** @param regex with the flags `dg`; the group `secret` is the secret. Its quantifiers are bounded. */
function spansOf(regex: RegExp): SecretShape['find'] {
  return function* (text) {
    regex.lastIndex = 0
    for (const match of text.matchAll(regex)) {
      const span = match.indices?.groups?.['secret']
      if (span !== undefined) yield { from: span[0], to: span[1] }
    }
  }
}

const NOT_BEFORE = '(?<![A-Za-z0-9_/+.-])'

/** What begins with letters that nothing else begins with. */
export function token(id: string, title: string, prefix: string, set: CharSet, length: number, more: More = {}): SecretPattern {
  const [chars, alphabet] = SETS[set]
  const { check, entropy = entropyFor(set, length), suffix = '', max = length } = more
  return {
    id,
    title,
    severity: 'high',
    keywords: [prefix.toLowerCase()],
    find: spansOf(
      new RegExp(
        `${NOT_BEFORE}(?<secret>${literal(prefix)}[${chars}]{${length}${max === length ? '' : `,${max}`}}${literal(suffix)})(?![${chars}])`,
        'dg',
      ),
    ),
    prefix,
    check,
    entropy,
    sample: { before: '', prefix, alphabet, length, suffix },
  }
}

/** What looks like any other random text, and stands behind a word that says what it is: `NAME = VALUE` in any language. */
export function named(
  id: string,
  title: string,
  words: readonly string[],
  set: CharSet,
  length: number,
  more: More = {},
): SecretPattern {
  const [chars, alphabet] = SETS[set]
  const { check, entropy = entropyFor(set, length), suffix = '', max = length } = more
  const alternatives = words.map((word) => literal(word).replaceAll('_', '[_.\\-]?')).join('|')
  return {
    id,
    title,
    severity: 'high',
    keywords: [
      ...new Set(
        words.map(
          (word) =>
            word
              .toLowerCase()
              .split('_')
              .find((part) => part !== '')!,
        ),
      ),
    ],
    find: spansOf(
      new RegExp(
        `(?:${alternatives})[\\w.\\-]{0,24}["'\`\\]]{0,2}\\s{0,4}(?:=>|:=|==|=|:|,|\\()\\s{0,4}["'\`]{0,1}(?<secret>[${chars}]{${length}${max === length ? '' : `,${max}`}}${literal(suffix)})(?![+/=${chars}])`,
        'dgi',
      ),
    ),
    prefix: '',
    check,
    entropy,
    sample: { before: `${words[0]} = "`, prefix: '', alphabet, length, suffix: `${suffix}` },
  }
}

/** Any other shape. */
export function shaped(
  id: string,
  title: string,
  keywords: readonly string[],
  regex: string,
  sample: Partial<Sample>,
  more: Pick<More, 'check' | 'entropy'> & { readonly flags?: string } = {},
): SecretPattern {
  return {
    id,
    title,
    severity: 'high',
    keywords: keywords.map((word) => word.toLowerCase()),
    find: spansOf(new RegExp(regex, `dg${more.flags ?? ''}`)),
    prefix: sample.prefix ?? '',
    check: more.check,
    entropy: more.entropy ?? 3,
    sample: { before: '', prefix: '', alphabet: SETS.word[1], length: 0, suffix: '', ...sample },
  }
}

/** Of a random text of a set and length, nearly all are above it; short ones vary more. */
function entropyFor(set: CharSet, length: number): number {
  const most = Math.min(Math.log2(SETS[set][1].length), Math.log2(length))
  return Math.max(1.5, most * 0.72)
}
