import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryBudget, readBody } from './read-body.ts'

const LIMIT = 1000
const SHARE = 750

it('gives no sender more than three quarters, all together no more than there is, and everything back', () => {
  const step = fc.record({ sender: fc.constantFrom('a', 'b', 'c'), bytes: fc.integer({ min: 1, max: 400 }), give: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = memoryBudget(LIMIT)
      const held: { sender: string; bytes: number }[] = []
      const sum = (sender?: string): number =>
        held.reduce((total, one) => (sender === undefined || one.sender === sender ? total + one.bytes : total), 0)
      for (const { sender, bytes, give } of steps) {
        const last = give ? held.pop() : undefined
        if (last !== undefined) budget.of(last.sender).give(last.bytes)
        const fits = sum() + bytes <= LIMIT && sum(sender) + bytes <= SHARE
        expect(budget.of(sender).take(bytes)).toBe(fits)
        if (fits) held.push({ sender, bytes })
      }
      for (const { sender, bytes } of held) budget.of(sender).give(bytes)
      expect(budget.of('d').take(SHARE)).toBe(true)
      expect(budget.of('e').take(LIMIT - SHARE)).toBe(true)
    }),
  )
})

async function bodyOf(encoding: string, body: Buffer, own?: string): Promise<string> {
  const request = Object.assign(new PassThrough(), { headers: { 'content-encoding': encoding }, complete: true })
  request.end(body)
  const read = await readBody(request as unknown as IncomingMessage, 100_000, memoryBudget(1_000_000).of('a'), own)
  const text = read.body.toString()
  read.release()
  return text
}

it('reads all of a body that was compressed in pieces', async () => {
  const [one, two] = [Buffer.from('{"a":1}\n'), Buffer.from('{"a":2}\n')]
  const all = `${one}${two}`
  expect(await bodyOf('gzip', Buffer.concat([gzipSync(one), gzipSync(two)]))).toBe(all)
  expect(await bodyOf('zstd', Buffer.concat([zstdCompressSync(one), zstdCompressSync(two)]))).toBe(all)
  expect(await bodyOf('zlib', deflateSync(all))).toBe(all)
})

it('leaves the encoding that belongs to the format', async () => {
  expect(await bodyOf('snappy', Buffer.from('block'), 'snappy')).toBe('block')
  await expect(bodyOf('snappy', Buffer.from('block'))).rejects.toMatchObject({ code: 'unsupported_encoding' })
})

it('refuses a body of which it would not read the end', async () => {
  const [one, two] = [Buffer.from('{"a":1}\n'), Buffer.from('{"a":2}\n')]
  for (const [encoding, compress] of [
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)
    await expect(bodyOf(encoding, Buffer.concat([compress(one), compress(two)]))).rejects.toMatchObject({ code: 'bad_encoding' })
  for (const [encoding, compress] of [
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)
    await expect(bodyOf(encoding, Buffer.concat([compress(one), two]))).rejects.toMatchObject({ code: 'bad_encoding' })
})
