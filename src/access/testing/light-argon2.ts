type Crypto = typeof import('node:crypto')

/**
 * `node:crypto` whose argon2 fills 64 KiB once instead of 64 MiB three times: for suites that sign in a hundred times and ask
 * nothing of the cost, which password.test.ts does. What is stored still states the full cost, so that nothing is hashed anew.
 */
export function lightArgon2(crypto: Crypto): Crypto {
  const light: Crypto['argon2'] = (algorithm, parameters, callback) =>
    crypto.argon2(algorithm, { ...parameters, memory: 64, passes: 1 }, callback)
  return { ...crypto, argon2: light }
}
