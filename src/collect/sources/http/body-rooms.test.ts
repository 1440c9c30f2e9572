import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { BodyRooms } from './body-rooms.ts'

const MB = 1024 * 1024
const CHUNK = Buffer.alloc(65_536, 'x')

/** A body of so many bytes, chunk by chunk; @returns the memory it lies in. */
function gather(rooms: BodyRooms, bytes: number, declared: number): { readonly memory: ArrayBufferLike; release(): void } {
  const room = rooms.open(declared)
  for (let at = 0; at < bytes; at += CHUNK.length) room.add(CHUNK.subarray(0, Math.min(CHUNK.length, bytes - at)))
  expect(room.bytes.length).toBe(bytes)
  expect(room.bytes.every((byte) => byte === 0x78)).toBe(true)
  return { memory: room.bytes.buffer, release: () => room.release() }
}

describe('room for bodies', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test.each([
    { bytes: 1, declared: 1 },
    { bytes: 65_537, declared: 65_537 },
    { bytes: 2_345_678, declared: 2_345_678 },
    { bytes: 2_345_678, declared: 0 },
    { bytes: 300_000, declared: 100 },
  ])('holds $bytes bytes of which $declared were declared', ({ bytes, declared }) => {
    const { memory } = gather(new BodyRooms(), bytes, declared)
    const most = declared === bytes ? Math.max(65_536, bytes * 1.25) : bytes * 2.5
    expect(memory.byteLength).toBeLessThanOrEqual(most)
  })

  test('gives a sender who declares much and sends little a little', () => {
    const { memory } = gather(new BodyRooms(), 65_536, 100 * MB)
    expect(memory.byteLength).toBeLessThanOrEqual(MB)
  })

  test('is used again by bodies of the same size, sixteen at a time', () => {
    const rooms = new BodyRooms()
    const size = 2_345_678
    const first = Array.from({ length: 16 }, () => gather(rooms, size, size))
    for (const body of first) body.release()
    const known = new Set(first.map(({ memory }) => memory))
    const second = Array.from({ length: 16 }, () => gather(rooms, size, size))
    expect(second.filter(({ memory }) => known.has(memory)).length).toBe(16)
  })

  test('is let go once nobody needs it', () => {
    const rooms = new BodyRooms()
    const { memory, release } = gather(rooms, 3 * MB, 3 * MB)
    release()
    vi.advanceTimersByTime(25_000)
    const again = gather(rooms, 3 * MB, 3 * MB)
    expect(again.memory).toBe(memory)
    again.release()
    vi.advanceTimersByTime(65_000)
    expect(gather(rooms, 3 * MB, 3 * MB).memory).not.toBe(memory)
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1)
  })
})
