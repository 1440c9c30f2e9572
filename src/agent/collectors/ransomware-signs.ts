import { extname } from 'node:path'

/** Shannon's entropy of bytes, bits a byte. */
export function entropyOf(bytes: Uint8Array): number {
  const counts = new Uint32Array(256)
  for (const byte of bytes) counts[byte]! += 1
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length)
  return bits
}

/** How formats begin whose content looks like noise although nobody encrypted it: archives, pictures, sound, PDF, Office. */
const NOISY_FORMATS: readonly (readonly number[])[] = [
  [0x50, 0x4b],
  [0x1f, 0x8b],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x04, 0x22, 0x4d, 0x18],
  [0x37, 0x7a, 0xbc, 0xaf],
  [0x52, 0x61, 0x72, 0x21],
  [0x25, 0x50, 0x44, 0x46],
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
  [0x47, 0x49, 0x46, 0x38],
  [0x52, 0x49, 0x46, 0x46],
  [0x49, 0x44, 0x33],
  [0xff, 0xfb],
  [0x4f, 0x67, 0x67, 0x53],
  [0x1a, 0x45, 0xdf, 0xa3],
  [0x66, 0x4c, 0x61, 0x43],
  [0xd0, 0xcf, 0x11, 0xe0],
  [0x7f, 0x45, 0x4c, 0x46],
  [0x50, 0x41, 0x43, 0x4b],
]
/** `ftyp` of MP4, HEIC and their kin stands behind the length of its box. */
const FTYP = [0x66, 0x74, 0x79, 0x70]

/** Below this a sample of noise says little. */
export const LEAST_SAMPLE = 2_048
/**
 * What `n` bytes of noise have at least, bits a byte: 8 less the bias of the estimate (255 / 2n·ln 2, Miller 1955), with room for
 * chance. Text lies near 5, machine code near 6.5.
 */
export const noiseFrom = (n: number): number => 8 - 255 / (2 * n * Math.LN2) - 0.08

/** Whether the beginning of a file is noise, and of no format that always is. */
export function isNoise(head: Uint8Array): boolean {
  if (head.length < LEAST_SAMPLE) return false
  const begins = (bytes: readonly number[], at = 0): boolean => bytes.every((byte, i) => head[at + i] === byte)
  if (NOISY_FORMATS.some((format) => begins(format)) || begins(FTYP, 4)) return false
  return entropyOf(head) >= noiseFrom(head.length)
}

/** What happened to files of a folder lately. */
export interface Storm {
  readonly kind: 'rename' | 'rewrite'
  readonly count: number
  /** The ending that the files were given, `.locked`. */
  readonly suffix?: string
  readonly examples: readonly string[]
}

/** Within so long so many files of a folder tree: nobody works that fast, and a build does not work there. */
export const WINDOW_MS = 10_000
export const FROM_RENAMES = 10
export const FROM_REWRITES = 8
/** One storm is told of once in a while, with what came to it. */
export const QUIET_MS = 30_000

/** The ending by which a new name differs from one that went away: `plan.docx` → `plan.docx.locked`, or `plan.locked`. */
export function endingOf(gone: string, came: string): string | undefined {
  if (came === gone) return undefined
  if (came.startsWith(`${gone}.`)) return came.slice(gone.length)
  const [before, after] = [extname(gone), extname(came)]
  const same = before !== '' && after !== '' && before !== after && gone.slice(0, -before.length) === came.slice(0, -after.length)
  return same ? after : undefined
}

/** Counts renames to one new ending, and rewrites with noise, in a sliding window. Times are of any steady clock, milliseconds. */
export function createStorms() {
  const gone = new Map<string, number>()
  const came = new Map<string, number>()
  const renamed = new Map<string, Map<string, number>>()
  const rewritten = new Map<string, number>()
  const told = new Map<string, number>()
  const forget = (map: Map<string, number>, now: number): void => {
    for (const [key, at] of map) if (now - at > WINDOW_MS) map.delete(key)
  }
  const pair = (from: string, to: string, now: number): void => {
    const ending = endingOf(from, to)
    if (ending === undefined || ending.length > 64) return
    const list = renamed.get(ending) ?? new Map<string, number>()
    renamed.set(ending, list.set(to, now))
  }
  return {
    /** A file went away. */
    went(path: string, now: number): void {
      gone.set(path, now)
      for (const other of came.keys()) pair(path, other, now)
    },
    /** A file is there that was not. */
    appeared(path: string, now: number): void {
      came.set(path, now)
      for (const other of gone.keys()) pair(other, path, now)
    },
    /** A file was given content that is noise. */
    noise(path: string, now: number): void {
      rewritten.set(path, now)
    },
    /** Storms to tell of now. */
    look(now: number): Storm[] {
      for (const map of [gone, came, rewritten, ...renamed.values()]) forget(map, now)
      for (const [ending, list] of renamed) if (list.size === 0) renamed.delete(ending)
      const found: Storm[] = []
      for (const [suffix, list] of renamed)
        if (list.size >= FROM_RENAMES)
          found.push({ kind: 'rename', suffix, count: list.size, examples: [...list.keys()].slice(0, 5) })
      if (rewritten.size >= FROM_REWRITES)
        found.push({ kind: 'rewrite', count: rewritten.size, examples: [...rewritten.keys()].slice(0, 5) })
      return found.filter(({ kind, suffix = '' }) => {
        const key = `${kind} ${suffix}`
        if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return false
        told.set(key, now)
        return true
      })
    },
  }
}
