/** SHA-256 of one message. The CLI gives the machine's own; the default below runs anywhere. */
export type Sha256 = (message: Uint8Array) => Uint8Array

const K = fractionsOfCubeRoots()
const H0 = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]
const BLOCK = 64

/**
 * SHA-256 (FIPS 180-4) in plain JavaScript: the verifier then needs nothing but itself, neither a runtime's module nor a
 * browser's secure context, and stays synchronous. It hashes public data, so timing does not matter.
 */
export function sha256(message: Uint8Array): Uint8Array {
  const state = Int32Array.from(H0)
  const schedule = new Int32Array(BLOCK)
  const whole = message.length - (message.length % BLOCK)
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  for (let at = 0; at < whole; at += BLOCK) compress(state, schedule, view, at)
  const tail = paddedTail(message.subarray(whole), message.length)
  const tailView = new DataView(tail.buffer)
  for (let at = 0; at < tail.length; at += BLOCK) compress(state, schedule, tailView, at)
  const digest = new Uint8Array(32)
  const out = new DataView(digest.buffer)
  for (let word = 0; word < 8; word++) out.setInt32(word * 4, state[word]!)
  return digest
}

/** The last bytes, a one bit, zeros, and the length in bits as 64-bit big-endian: one block or two. */
function paddedTail(rest: Uint8Array, length: number): Uint8Array {
  const tail = new Uint8Array(rest.length + 9 <= BLOCK ? BLOCK : 2 * BLOCK)
  tail.set(rest)
  tail[rest.length] = 0x80
  const view = new DataView(tail.buffer)
  view.setUint32(tail.length - 8, Math.floor(length / 0x2000_0000))
  view.setUint32(tail.length - 4, (length << 3) >>> 0)
  return tail
}

function compress(state: Int32Array, w: Int32Array, view: DataView, at: number): void {
  for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + t * 4)
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15]!
    const y = w[t - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[t] = (w[t - 16]! + s0 + w[t - 7]! + s1) | 0
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let t = 0; t < 64; t++) {
    const S1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + S1 + ((e & f) ^ (~e & g)) + K[t]! + w[t]!) | 0
    const S0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (S0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = (state[0]! + a) | 0
  state[1] = (state[1]! + b) | 0
  state[2] = (state[2]! + c) | 0
  state[3] = (state[3]! + d) | 0
  state[4] = (state[4]! + e) | 0
  state[5] = (state[5]! + f) | 0
  state[6] = (state[6]! + g) | 0
  state[7] = (state[7]! + h) | 0
}

/**
 * The round constants: the first 32 bits of the fractional part of the cube roots of the first 64 primes. Integer
 * arithmetic, since a double's cube root may be off in the last place and differs between engines.
 */
function fractionsOfCubeRoots(): Int32Array {
  const constants = new Int32Array(64)
  for (let found = 0, candidate = 2; found < 64; candidate++) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate && prime; divisor++) prime = candidate % divisor !== 0
    if (!prime) continue
    const target = BigInt(candidate) << 96n
    let low = 0n
    let high = 8n << 32n
    while (high - low > 1n) {
      const middle = (low + high) >> 1n
      if (middle * middle * middle <= target) low = middle
      else high = middle
    }
    constants[found] = Number(BigInt.asIntN(32, low))
    found++
  }
  return constants
}
