import { createRequire } from 'node:module'
import { KanpekiError } from '../kernel/error.ts'

interface Estimator {
  check(password: string, words: readonly string[]): { readonly guesses: number }
}

/** So many guesses a password must withstand: more than an unthrottled attack on a good hash makes in a year. */
const LEAST_GUESSES = 1e10
/** The estimate of a long text costs seconds and adds nothing. */
const LOOKED_AT = 80

let estimator: Estimator | undefined

/** Dictionaries cost 50 ms and 20 MB: loaded when the first password is set, not with the server. */
function loadEstimator(): Estimator {
  const require = createRequire(import.meta.url)
  const { ZxcvbnFactory } = require('@zxcvbn-ts/core') as { ZxcvbnFactory: new (options: object) => Estimator }
  const common = require('@zxcvbn-ts/language-common') as { dictionary: object; adjacencyGraphs: object }
  const ja = require('@zxcvbn-ts/language-ja') as { dictionary: object }
  return new ZxcvbnFactory({ dictionary: { ...common.dictionary, ...ja.dictionary }, graphs: common.adjacencyGraphs })
}

/**
 * Refuses a password that is among the first to be guessed: leaked ones, walks over the keyboard, repeats, years, and
 * the given names, alone or together (NIST SP 800-63B-4 §3.1.1.2, blocklist with words of the context; the estimate is
 * zxcvbn's, USENIX Security 2016).
 * @param names the organisation's, the account's: whatever an attacker of this account would try.
 * @throws KanpekiError `weak_password`.
 */
export function refuseWeakPassword(password: string, names: readonly string[]): void {
  estimator ??= loadEstimator()
  const looked = password.normalize('NFKC').slice(0, LOOKED_AT)
  if (estimator.check(looked, ['kanpeki', ...names.flatMap(partsOf)]).guesses >= LEAST_GUESSES) return
  throw new KanpekiError('weak_password', 'This password is among the first that anyone would guess.', {
    remedy: 'Take several words that do not belong together, or let a password manager make one. Names and years do not count.',
  })
}

function partsOf(name: string): string[] {
  const plain = name.normalize('NFKC').toLowerCase()
  return [plain, ...plain.split(/[^\p{L}\p{N}]+/u), plain.replace(/[^\p{L}\p{N}]/gu, '')].filter((part) => part !== '')
}
