import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { startTestLake, type TestLake, testBatch, testEvent } from '../../testing/lakes.ts'
import { clientOf } from '../connect.ts'
import { Engine } from '../engine-calls.ts'
import { holdMerges, type MergeDebt, mergesShouldWait, pauseOfInsert } from './merge-debt.ts'

const MIB = 1024 * 1024
const none: MergeDebt = { parts: 0, bytes: 0, running: 0 }

test.each<[boolean, Partial<MergeDebt>, number, boolean, string]>([
  [false, {}, 0, true, 'a burst begins'],
  [false, {}, 1, false, 'there is time to spare, or nothing comes in'],
  [false, { running: 1 }, 0, false, 'a merge would lose its work'],
  [false, { bytes: 50 * MIB }, 0, false, 'more is owed than was when merges were last let go'],
  [false, { parts: 20 }, 0, false, 'more parts than then'],
  [true, { bytes: 100 * MIB, parts: 50 }, 0, true, 'the burst goes on'],
  [true, { bytes: 128 * MIB }, 0, false, 'searches would have too much to read'],
  [true, { parts: 60 }, 0, false, 'too many parts'],
  [true, {}, 3, true, 'a pause in between'],
  [true, {}, 4, false, 'the burst is over'],
])('waiting %s, %o, %d quiet looks: waits %s (%s)', (waiting, debt, quietLooks, waits) => {
  expect(mergesShouldWait(waiting, { ...none, ...debt }, quietLooks)).toBe(waits)
})

test.each([
  [{ parts: 0, bytes: 128 * MIB }, 0],
  [{ parts: 90, bytes: 0 }, 0],
  [{ parts: 120, bytes: 0 }, 250],
  [{ parts: 0, bytes: 384 * MIB }, 750],
  [{ parts: 100_000, bytes: 0 }, 2000],
])('with %o owed an insert waits %d ms', (debt, pause) => {
  expect(pauseOfInsert(debt)).toBe(pause)
})

test('merges that are let go while they are being stopped run when that is answered', async () => {
  let run = true
  const stopping = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const statements = async (sql: string): Promise<string> => {
    if (sql === 'SYSTEM STOP MERGES') {
      stopping.resolve()
      await answer.promise
      run = false
    } else if (sql === 'SYSTEM START MERGES') run = true
    return '0\t0\t0'
  }
  const hold = holdMerges(statements, { cpuMs: () => 0 }, 1)
  const inserting = setInterval(() => void hold.inserting(), 20)
  await stopping.promise
  const free = hold.letGo()
  answer.resolve()
  await free
  clearInterval(inserting)
  hold.stop()
  expect(run).toBe(true)
})

let bed: TestLake
let engine: Engine
let sequence = 0

async function start(options: Parameters<typeof startTestLake>[0]): Promise<void> {
  sequence = 0
  bed = await startTestLake(options)
  engine = new Engine(clientOf(bed.process.address), 60_000)
}

afterEach(async () => {
  await engine?.close()
  await bed?.stop()
})

async function freshParts(): Promise<number> {
  const { parts } = await engine.one<{ parts: string }>(
    "SELECT toString(count()) AS parts FROM system.parts WHERE active AND table = 'events' AND level = 0",
  )
  return Number(parts)
}

function append(): Promise<void> {
  sequence += 1
  return bed.lake.append(
    testBatch(sequence, Date.UTC(2026, 7, 1), [testEvent(`e-${sequence}`, { message: `event ${sequence}` })]),
  )
}

/** The engine merges a dozen parts of a size as soon as it has them; held, it leaves more than twice as many alone. */
const HELD = 30

async function appendUntilHeld(): Promise<void> {
  while ((await freshParts()) < HELD) for (let n = 0; n < 5; n++) await append()
}

test('merges wait beside work that stands back as the writer does', async () => {
  // It ends by itself where this process is ended first.
  const busy = 'const end = Date.now() + 25_000; while (Date.now() < end);'
  const work = cpus().map(() => spawn('nice', ['-n', '5', process.execPath, '-e', busy], { stdio: 'ignore' }))
  try {
    await start({})
    await appendUntilHeld()
    expect(await freshParts()).toBeGreaterThanOrEqual(HELD)
  } finally {
    for (const one of work) one.kill('SIGKILL')
  }
})

test('merges wait while inserts come, go on after them, and at once for a statement that needs them', async () => {
  await start({ spareShare: 2 })
  await appendUntilHeld()
  while ((await freshParts()) >= HELD) await pause(100)

  await appendUntilHeld()
  const held = await freshParts()
  // Held merges would refuse it.
  await bed.lake.compact()
  expect(await freshParts()).toBeLessThan(held)
  const all = { kind: 'all' } as const
  expect(await bed.lake.count({ scope: 'default', query: all })).toBe(sequence)
})
