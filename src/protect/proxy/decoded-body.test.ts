import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodedBody } from './decoded-body.ts'

const TEXT = Buffer.from('You have an error in your SQL syntax. '.repeat(100))

describe('a compressed body', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['X-GZIP', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['gzip, identity', gzipSync(TEXT)],
    [undefined, TEXT],
  ])('%s is seen decoded', (coding, body) => expect(decodedBody(body, coding, 1 << 20).equals(TEXT)).toBe(true))

  it('is decoded as far as the limit goes', () => {
    expect(decodedBody(gzipSync(TEXT), 'gzip', 1000).equals(TEXT.subarray(0, 1000))).toBe(true)
  })

  it('is decoded in every frame of zstd', () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2])
    const frames = ['a=1', '&b=<script>'].map((part) => zstdCompressSync(Buffer.from(part)))
    const body = Buffer.concat([skippable, frames[0]!, skippable, frames[1]!])
    expect(decodedBody(body, 'zstd', 1000).toString()).toBe('a=1&b=<script>')
  })

  it('counts as beyond the limit where what is behind a bomb, or a thousand frames, is not seen', () => {
    const random = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (Math.imul(at, 2_654_435_761) >>> 13) & 255))
    const bomb = Buffer.concat([random, Buffer.alloc(40_000_000, 'a')])
    for (const [coding, body] of [
      ['gzip', gzipSync(bomb)],
      ['zstd', zstdCompressSync(bomb)],
      ['zstd', Buffer.concat(Array.from({ length: 1000 }, () => zstdCompressSync(Buffer.from('a'))))],
    ] as const)
      expect(decodedBody(body, coding, 1_000_000)).toHaveLength(1_000_000)
  })

  it('is decoded in part where it is a bomb', () => {
    const seen = decodedBody(gzipSync(Buffer.alloc(40_000_000, 'a')), 'gzip', 1000)
    expect(seen.length).toBeGreaterThan(100)
    expect(seen.length).toBeLessThanOrEqual(1000)
    expect(seen.every((byte) => byte === 97)).toBe(true)
  })

  const noise = Buffer.from(Array.from({ length: 40_000 }, (_, at) => String(Math.imul(at, 2_654_435_761))).join(' '))
  it.each([
    ['gzip', gzipSync(noise)],
    ['deflate', deflateRawSync(noise)],
    ['br', brotliCompressSync(noise)],
    ['zstd', zstdCompressSync(noise)],
  ])('%s is decoded as far as it came', (coding, body) => {
    const seen = decodedBody(body.subarray(0, -10), coding, 1 << 20)
    expect(seen.length).toBeGreaterThan(1000)
    expect(noise.subarray(0, seen.length).equals(seen)).toBe(true)
  })

  it.each(['constructor', '__proto__', 'gzip, unknown'])('%s is seen as it is', (coding) =>
    expect(decodedBody(TEXT, coding, 1 << 20)).toBe(TEXT),
  )

  it('is seen as it is where it is not what it says', () => expect(decodedBody(TEXT, 'gzip', 1000)).toBe(TEXT))
})
