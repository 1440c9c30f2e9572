import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RuleMatch } from '../../detect/rule-program.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { openDeeds } from './deeds.ts'
import { createStopper, stopOf } from './stopper.ts'

const match = (id: string, stop?: 'kill' | 'quarantine'): RuleMatch =>
  ({ info: { id, version: 'v', title: id, level: 'high', ...(stop === undefined ? {} : { stop }) } }) as unknown as RuleMatch
const process = (pid: number): JsonObject => ({
  process: { pid, name: 'sh', start: '2026-11-22T08:00:00.000Z' },
  file: { path: '/srv/a.php', hash: { sha256: 'a'.repeat(64) } },
})

describe('what an agent stops by itself', () => {
  let folder: string
  let done: string[]
  let told: string[]
  let counts: Map<string, number>
  let now: number
  let elapsed: number
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kanpeki-stops-'))
    done = []
    told = []
    counts = new Map()
    now = 1_000_000
    elapsed = 0
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const open = async (stop: readonly string[], kinds: readonly ('kill' | 'quarantine')[] = ['kill', 'quarantine']) => {
    const deeds = await openDeeds(folder)
    const deed = (word: string) => async (params: object) => {
      if ('pid' in params && params.pid === 666) throw new Error('it resists')
      done.push(`${word} ${JSON.stringify(params)}`)
      return { outcome: 'done' as const, detail: {} }
    }
    const stopper = createStopper({
      settings: () => ({ stop: [...stop], respond: { kinds } as never }),
      responders: { kill: deed('kill'), quarantine: deed('quarantine') },
      deeds,
      emit: (event) => {
        told.push((event['event'] as { action: string }).action)
        return true
      },
      context: { count: (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1), warn: () => {} } as never,
      now: () => now,
      elapsed: () => elapsed,
    })
    return { deeds, stopper }
  }

  it.each([
    ['no policy', [], ['kill'], 'kill', 0],
    ['another rule', ['r2'], ['kill'], 'kill', 0],
    ['a rule that does not say how', ['*'], ['kill'], undefined, 0],
    ["the host's own settings forbid it", ['*'], ['quarantine'], 'kill', 0],
    ['named', ['r1'], ['kill'], 'kill', 1],
    ['all', ['*'], ['kill', 'quarantine'], 'quarantine', 1],
  ] as const)('%s', async (_name, stop, kinds, kind, expected) => {
    const { stopper } = await open(stop, kinds)
    await stopper.consider(process(7), 'e1', [match('r1', kind)])
    expect(done.length).toBe(expected)
    expect(told).toEqual(Array.from({ length: expected }, () => 'agent-stopped'))
  })

  it('stops the same once, whatever rules ask for it, and over a restart', async () => {
    const first = await open(['*'])
    await first.stopper.consider(process(7), 'e1', [match('r1', 'kill'), match('r2', 'kill')])
    await first.stopper.consider(process(7), 'e2', [match('r1', 'kill')])
    const second = await open(['*'])
    await second.stopper.consider(process(7), 'e3', [match('r1', 'kill')])
    await second.stopper.consider(process(8), 'e4', [match('r1', 'kill')])
    expect(done.map((one) => one.slice(0, 14))).toEqual(['kill {"pid":7,', 'kill {"pid":8,'])
  })

  it('goes no further than thirty an hour, whatever becomes of the clock, and on after it', async () => {
    const { stopper } = await open(['*'])
    for (let pid = 1_000; pid < 1_040; pid++) await stopper.consider(process(pid), 'e', [match('r1', 'kill')])
    expect(done).toHaveLength(30)
    expect(counts.get('detect.overLimit')).toBe(10)
    for (const days of [1, -2]) {
      now += days * 86_400_000
      await stopper.consider(process(1_050), 'e', [match('r1', 'kill')])
    }
    expect(done).toHaveLength(30)
    elapsed += 3_600_000
    await stopper.consider(process(2_000), 'e', [match('r1', 'kill')])
    expect(done).toHaveLength(31)
  })

  it('says what failed, and what a crash cut off', async () => {
    const { stopper, deeds } = await open(['*'])
    await stopper.consider(process(666), 'e1', [match('r1', 'kill')])
    expect(told).toEqual(['agent-could-not-stop'])
    const params = { pid: 9 }
    await deeds.begin({
      id: crypto.randomUUID(),
      key: 'cut',
      kind: 'kill',
      params,
      rule: match('r1').info,
      event: 'e2',
      found: now,
    })
    const after = await openDeeds(folder)
    expect([after.has('cut'), after.has('other')]).toEqual([true, false])
  })

  it('names nothing that the event does not', () => {
    expect(stopOf('kill', { process: { pid: 7, name: 'sh' } })).toBeUndefined()
    expect(stopOf('kill', { process: { name: 'sh', start: '2026-11-22T08:00:00.000Z' } })).toBeUndefined()
    expect(stopOf('quarantine', { file: { path: 'relative', hash: { sha256: 'a'.repeat(64) } } })).toBeUndefined()
    expect(stopOf('quarantine', { file: { path: '/a' } })).toBeUndefined()
  })
})
