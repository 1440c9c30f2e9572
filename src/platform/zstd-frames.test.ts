import { Readable } from 'node:stream'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createZstdFramesDecompress } from './zstd-frames.ts'

async function decompress(bytes: Buffer, pieces: number): Promise<string> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / pieces) }, (_, n) => bytes.subarray(n * pieces, (n + 1) * pieces))
  const out: Buffer[] = []
  for await (const chunk of Readable.from(chunks).pipe(createZstdFramesDecompress())) out.push(chunk as Buffer)
  return Buffer.concat(out).toString('latin1')
}

const skippable = (low: number, bytes: Uint8Array): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a50 + low, 0)
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}

const text = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc
    .tuple(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 90_000 }))
    .map(([one, times]) => one.repeat(times)),
)
const part = fc.oneof(
  fc.tuple(text, fc.boolean(), fc.boolean()).map(([content, checksum, sized]) => ({
    content,
    bytes: zstdCompressSync(Buffer.from(content, 'latin1'), {
      params: {
        [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
        [constants.ZSTD_c_contentSizeFlag]: sized ? 1 : 0,
      },
    }),
  })),
  fc.tuple(fc.nat(15), fc.uint8Array({ maxLength: 40 })).map(([low, bytes]) => ({ content: '', bytes: skippable(low, bytes) })),
)

test('every frame, whatever is between them and however the bytes come', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), fc.integer({ min: 1, max: 5000 }), async (parts, pieces) => {
      const bytes = Buffer.concat(parts.map((one) => one.bytes))
      expect(await decompress(bytes, bytes.length > 2000 ? pieces + 200 : pieces)).toBe(
        parts.map(({ content }) => content).join(''),
      )
    }),
    { numRuns: 300 },
  )
})

test('what is cut, and what follows and is no frame, is an error', async () => {
  const one = zstdCompressSync(Buffer.from('a'.repeat(5000)))
  for (const pieces of [1, 7, 4096])
    for (const cut of [one.length - 1, 6, 2])
      await expect(decompress(Buffer.concat([one, one.subarray(0, cut)]), pieces)).rejects.toThrow('unexpected end of file')
  for (const pieces of [1, 7, 4096]) {
    await expect(decompress(Buffer.concat([one, Buffer.from('garbage')]), pieces)).rejects.toThrow()
  }
})
