import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type Knowing, openSpool, type Spool, type SpoolBatch } from './spool.ts'

const folders: string[] = []
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'kanpeki-spool-'))
  folders.push(path)
  return path
}
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true })
})

/** A small disk of one's own takes a privilege. */
const noMount = (): boolean => {
  const place = folder()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place]).status === 0
  if (mounted) execFileSync('umount', [place])
  return !mounted
}

const batch = (spool: Spool, count: number, text = 'x'): SpoolBatch => {
  const first = spool.next()
  for (let i = 1; i < count; i++) spool.next()
  return { run: 'r', first, lines: Array.from({ length: count }, (_, i) => `${text}${first + i}`) }
}

async function drain(spool: Spool): Promise<string[]> {
  const lines: string[] = []
  for (let one = await spool.peek(); one !== undefined; one = await spool.peek()) {
    lines.push(...one.lines)
    await spool.acknowledge()
  }
  return lines
}

describe('the spool', () => {
  it('gives back everything in order, over restarts and whatever was acknowledged between, and no number twice', async () => {
    let cases = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.nat(5).map((n) => n + 1),
            fc.constantFrom('take', 'restart'),
          ),
          { maxLength: 30 },
        ),
        async (steps) => {
          cases += 1
          const path = folder()
          let spool = await openSpool(path, 1e9)
          const put: string[] = []
          const got: string[] = []
          for (const step of steps) {
            if (typeof step === 'number') {
              const one = batch(spool, step)
              put.push(...one.lines)
              expect(await spool.append(one)).toBe(true)
            } else if (step === 'take') {
              got.push(...((await spool.peek())?.lines ?? []))
              await spool.acknowledge()
            } else {
              await spool.close()
              spool = await openSpool(path, 1e9)
            }
          }
          got.push(...(await drain(spool)))
          expect(got).toEqual(put)
          expect(new Set(put).size).toBe(put.length)
          expect(spool.damaged()).toBe(0)
          await spool.close()
        },
      ),
      { numRuns: 60 },
    )
    expect(cases).toBe(60)
  })

  it('gives what is known by its events at the next start, once: of those that wait and of those sent just before', async () => {
    const path = folder()
    const spool = await openSpool(path, 1e9)
    const append = async (...knowing: Knowing[]) => await spool.append({ ...batch(spool, 1), knowing })
    await append(['a', '1'], ['b', '1'])
    await append(['a', '2'])
    await spool.peek()
    await spool.acknowledge()
    await append(['c', null])
    expect(spool.takeKnown()).toEqual(new Map())
    await spool.close()
    const next = await openSpool(path, 1e9)
    const all: readonly Knowing[] = [
      ['a', '2'],
      ['b', '1'],
      ['c', null],
    ]
    expect(next.takeKnown()).toEqual(new Map(all))
    expect(next.takeKnown()).toEqual(new Map())
    expect(next.damaged()).toBe(0)
    await next.close()
  })

  it('gives together what waited long, and nothing over a gap in the numbers or another run', async () => {
    const spool = await openSpool(folder(), 1e9)
    for (let i = 0; i < 300; i++) expect(await spool.append(batch(spool, 2))).toBe(true)
    spool.next()
    for (let i = 0; i < 50; i++) expect(await spool.append(batch(spool, 1))).toBe(true)
    expect(await spool.append({ ...batch(spool, 3), run: 's' })).toBe(true)
    for (let i = 0; i < 5; i++) expect(await spool.append(batch(spool, 1_000))).toBe(true)
    const given: (readonly [string, number, number])[] = []
    for (let one = await spool.peek(); one !== undefined; one = await spool.peek()) {
      expect(one.lines.map((line) => Number(line.slice(1)))).toEqual(one.lines.map((_, i) => one.first + i))
      given.push([one.run, one.first, one.lines.length])
      await spool.acknowledge()
    }
    expect(given).toEqual([
      ['r', 1, 600],
      ['r', 602, 50],
      ['s', 652, 3],
      ['r', 655, 4_000],
      ['r', 4_655, 1_000],
    ])
    await spool.close()
  })

  it('is durable without a close, gives out no number again, and deletes what was read', async () => {
    const path = folder()
    const killed = await openSpool(path, 1e9)
    const wide = 'y'.repeat(1_500_000)
    const all: string[] = []
    for (let i = 0; i < 8; i++) {
      const one = batch(killed, 2, wide)
      all.push(...one.lines)
      await killed.append(one)
    }
    const next = await openSpool(path, 1e9)
    expect(next.next()).toBe(17)
    expect(await drain(next)).toEqual(all)
    expect(readdirSync(path).filter((name) => name.endsWith('.spool')).length).toBeLessThanOrEqual(1)
    expect(next.bytes()).toBe(0)
    await next.close()
    await killed.close()
  })

  it('keeps what came first when it is full, and takes again when there is room', async () => {
    const path = folder()
    const spool = await openSpool(path, 3_000_000)
    const first = batch(spool, 1, 'z'.repeat(2_000_000))
    expect(await spool.append(first)).toBe(true)
    expect(await spool.append(batch(spool, 1, 'z'.repeat(2_000_000)))).toBe(false)
    expect(await drain(spool)).toEqual(first.lines)
    await spool.close()
  })

  it.skipIf(noMount())('leaves no files behind while the disk is full, and goes on in order once it is not', async () => {
    const disk = folder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
    try {
      const path = join(disk, 'spool')
      const spool = await openSpool(path, 1e9)
      const kept: string[] = []
      const put = async (): Promise<void> => {
        const one = batch(spool, 1, 'x'.repeat(8_000))
        if (await spool.append(one)) kept.push(...one.lines)
      }
      for (let i = 0; i < 50; i++) await put()
      expect(kept.length).toBeGreaterThan(2)
      expect(kept.length).toBeLessThan(10)
      expect(readdirSync(path).filter((name) => name.endsWith('.spool')).length).toBeLessThan(3)
      execFileSync('mount', ['-o', 'remount,size=10m', disk])
      for (let i = 0; i < 3; i++) await put()
      expect(await drain(spool)).toEqual(kept)
      await put()
      await spool.close()
      const again = await openSpool(path, 1e9)
      expect(await drain(again)).toEqual(kept.slice(-1))
      expect(again.damaged()).toBe(0)
      await again.close()
    } finally {
      execFileSync('umount', [disk])
    }
  })

  it('keeps its content from who has its files alone, and counts a torn or changed record', async () => {
    const path = folder()
    const spool = await openSpool(path, 1e9)
    await spool.append(batch(spool, 1, 'secret of the house '))
    await spool.append(batch(spool, 1, 'second '))
    await spool.close()
    const [name] = readdirSync(path).filter((file) => file.endsWith('.spool'))
    const bytes = readFileSync(join(path, name!))
    expect(bytes.includes('secret')).toBe(false)
    // The end of the second record is missing, as after a power cut.
    writeFileSync(join(path, name!), bytes.subarray(0, bytes.length - 3))
    const torn = await openSpool(path, 1e9)
    await torn.append({ run: 's', first: 9, lines: ['third'] })
    expect(await drain(torn)).toEqual(['secret of the house 1', 'third'])
    expect(torn.damaged()).toBe(1)
    await torn.close()
  })

  it.skipIf(process.getuid?.() !== 0)(
    'holds what it took when the disk is full, says no to the rest, and goes on (needs root)',
    async () => {
      const disk = folder()
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
      try {
        const spool = await openSpool(disk, 1e9)
        const put: string[] = []
        let refused = 0
        for (let i = 0; i < 12; i++) {
          const one = batch(spool, 1, 'y'.repeat(100_000))
          if (await spool.append(one)) put.push(...one.lines)
          else refused += 1
        }
        expect(put.length).toBeGreaterThan(5)
        expect(refused).toBeGreaterThan(0)
        execFileSync('mount', ['-o', 'remount,size=4m', disk])
        const last = batch(spool, 1, 'z')
        expect(await spool.append(last)).toBe(true)
        expect(await drain(spool)).toEqual([...put, ...last.lines])
        expect(spool.damaged()).toBe(0)
        await spool.close()
      } finally {
        execFileSync('umount', ['-l', disk])
      }
    },
  )
})
