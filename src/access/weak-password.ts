import { KanpekiError } from '../kernel/error.ts'

/** Beginnings of the longest-lived entries in published lists of leaked passwords; keyboard rows are walked by `isWalk`. */
const COMMON = [
  ...['password', 'passwort', 'passw0rd', 'pasuwado', 'letmein', 'welcome', 'changeme', 'iloveyou', 'trustno', 'princess'],
  ...['sunshine', 'football', 'baseball', 'superman', 'batman', 'dragon', 'monkey', 'shadow', 'master', 'michael', 'jordan'],
  ...['administrator', 'administrateur', 'admin', 'root', 'toor', 'default', 'secret', 'himitsu', 'login', 'signin', 'access'],
  ...['security', 'internet', 'computer', 'network', 'server', 'system', 'database', 'backup', 'temporary', 'temp', 'test'],
  ...['guest', 'user', 'hello', 'konnichiwa', 'sakura', 'doraemon', 'pokemon', 'pikachu', 'nintendo', 'samsung', 'google'],
  ...['whatever', 'freedom', 'starwars', 'charlie', 'jennifer', 'hunter', 'summer', 'winter', 'spring', 'autumn', 'flower'],
  ...['january', 'february', 'april', 'august', 'september', 'october', 'november', 'december', 'monday', 'friday', 'sunday'],
  ...['correcthorse', 'qazwsx', 'zaqwsx', 'asdf', 'qwer', 'zxcv', 'abcd', 'kanpeki', 'splunk', 'elastic', 'siem', 'soc'],
]
const ROWS = ['1234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'abcdefghijklmnopqrstuvwxyz']
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}
/** So much must be left once all that anyone would guess is taken away. */
const LEAST_LEFT = 5
const SHORTEST_NAME = 3

/** How each half of a password is guessed first: letters for the digits that look like them, or nothing but letters. */
function readings(password: string): readonly string[] {
  const plain = password.normalize('NFKC').toLowerCase()
  const leet = [...plain].map((letter) => LEET[letter] ?? letter).join('')
  return [plain, leet].map((text) => text.replace(/[^\p{L}\p{N}]/gu, ''))
}

/** The same few characters again, or a walk along the keyboard, the alphabet or the digits, in either direction. */
function isWalk(text: string): boolean {
  if (text === '' || new Set(text).size <= 3) return true
  for (let size = 1; size <= text.length / 2; size++) {
    if (
      text ===
        text
          .slice(0, size)
          .repeat(Math.ceil(text.length / size))
          .slice(0, text.length) &&
      size <= 6
    )
      return true
  }
  let steps = 0
  for (let at = 1; at < text.length; at++) {
    const pair = text.slice(at - 1, at + 1)
    const back = `${pair[1]}${pair[0]}`
    if (ROWS.some((row) => `${row}${row[0]}`.includes(pair) || `${row}${row[0]}`.includes(back))) steps += 1
  }
  return steps >= (text.length - 1) * 0.75
}

/**
 * Refuses a password that is among the first to be guessed: little is left of it without common words, walks over the
 * keyboard, years and digits, and the given names (NIST SP 800-63B-4 §3.1.1.2, blocklist with words of the context).
 * @param names the organisation's, the account's: whatever an attacker of this account would try.
 * @throws KanpekiError `weak_password`.
 */
export function refuseWeakPassword(password: string, names: readonly string[]): void {
  const words = [...COMMON, ...names.flatMap(partsOf)].sort((a, b) => b.length - a.length)
  for (const text of readings(password)) {
    let left = text
    for (const word of words) left = left.replaceAll(word, ' ')
    const rest = left.replace(/\d+/g, ' ').replace(/\s+/g, '')
    if (isWalk(text) || rest.length < LEAST_LEFT) {
      throw new KanpekiError('weak_password', 'This password is among the first that anyone would guess.', {
        remedy:
          'Take several words that do not belong together, or let a password manager make one. Names and years do not count.',
      })
    }
  }
}

function partsOf(name: string): string[] {
  const plain = name.normalize('NFKC').toLowerCase()
  const parts = [...plain.split(/[^\p{L}\p{N}]+/u), plain.replace(/[^\p{L}\p{N}]/gu, '')]
  return parts.filter((part) => part.length >= SHORTEST_NAME)
}
