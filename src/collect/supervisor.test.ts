import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KanpekiError } from '../kernel/error.ts'
import type { SourceBatch, SourceContext } from '../kernel/plugin.ts'
import { backoffMs } from '../platform/backoff.ts'
import { createSupervisor, type Supervised, type Supervisor, type SupervisorDeps } from './supervisor.ts'
import { memoryPositions } from './testing/memory-positions.ts'
import { Recorder } from './testing/recorder.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 10_000; n++) {
    if (condition()) return
    await turn()
  }
  throw new Error('the condition never held')
}

function supervised(id: string, open: (context: SourceContext) => AsyncIterable<SourceBatch>): Supervised {
  return { id, scope: 'default', zoneMinutes: 0, parsers: [], open }
}

function supervisor(recorder: Recorder, more: Partial<SupervisorDeps> = {}): Supervisor {
  return createSupervisor({
    commit: recorder.commit,
    positions: () => memoryPositions(),
    clock: { now: () => 1000 },
    log: () => {},
    // Back-off passes at once; a grace period never does unless a test says so.
    wait: (ms, signal) => (ms >= 1e6 ? new Promise((resolve) => signal.addEventListener('abort', () => resolve())) : turn()),
    ...more,
  })
}

const GRACE = 1e6

/** Offers the numbers from its position on, one a batch, and remembers what was acknowledged. */
function counting(total: number, faults: Set<string>): { source: Supervised; acknowledged: number[]; opened: () => number } {
  const acknowledged: number[] = []
  let position = 0
  let opened = 0
  const source = supervised('file:n', async function* () {
    opened++
    for (let n = position; n < total; n++) {
      if (faults.delete(`throw ${n}`)) throw new Error(`fault before ${n}`)
      yield {
        records: [{ id: `n${n}`, text: `${n}` }],
        acknowledge() {
          if (faults.delete(`acknowledge ${n}`)) throw new Error(`fault at acknowledging ${n}`)
          acknowledged.push(n)
          position = n + 1
        },
      }
    }
  })
  return { source, acknowledged, opened: () => opened }
}

test('whatever throws (source, commit, acknowledgement): every record is stored, and acknowledged after its commit, in order', async () => {
  const fault = fc.tuple(fc.constantFrom('throw', 'commit', 'acknowledge'), fc.nat(19)).map(([kind, n]) => `${kind} ${n}`)
  let cases = 0
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fault, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), async (list, batches) => {
      cases++
      const faults = new Set(list)
      const recorder = new Recorder()
      const { source, acknowledged } = counting(20, faults)
      const outOfOrder: string[] = []
      const s = supervisor(recorder, {
        limits: { batches, bytes: 1e9 },
        commit: async (batch) => {
          await turn()
          if (faults.delete(`commit ${batch.records[0]?.text}`)) throw new KanpekiError('queue_full', 'busy')
          return recorder.commit(batch)
        },
      })
      s.start({
        ...source,
        async *open(context) {
          for await (const batch of source.open(context)) {
            yield {
              ...batch,
              acknowledge() {
                for (const { id } of batch.records) if (!recorder.stored.has(id)) outOfOrder.push(id)
                return batch.acknowledge()
              },
            }
          }
        },
      })
      await until(() => s.status('default', 'file:n')?.state === 'stopped')
      expect(s.status('default', 'file:n')?.reason).toBe('finished')
      expect([...recorder.stored.values()].map((record) => Number(record.text)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, n) => n),
      )
      expect(outOfOrder).toEqual([])
      expect(acknowledged.at(-1)).toBe(19)
      expect(recorder.counts.received - recorder.counts.repeated).toBe(20)
    }),
    { numRuns: 60 },
  )
  expect(cases).toBeGreaterThanOrEqual(60)
})

test('acknowledges each batch exactly once, and not before its commit resolved', async () => {
  const recorder = new Recorder()
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const calls: number[] = []
  const s = supervisor(recorder, { commit: (batch) => gate.then(() => recorder.commit(batch)) })
  s.start(
    supervised('file:a', async function* () {
      for (let n = 0; n < 3; n++) yield { records: [{ id: `${n}`, text: 'x' }], acknowledge: () => void calls.push(n) }
    }),
  )
  for (let n = 0; n < 50; n++) await turn()
  expect(calls).toEqual([])
  release()
  await until(() => s.status('default', 'file:a')?.state === 'stopped')
  expect(calls).toEqual([0, 1, 2])
})

test('a source is not pulled while too much of its own is unacknowledged', async () => {
  for (const [limits, expected] of [
    [{ batches: 3, bytes: 1e9 }, 3],
    [{ batches: 99, bytes: 250 }, 3],
    [{ batches: 99, bytes: 1 }, 1],
  ] as const) {
    let pulled = 0
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const recorder = new Recorder()
    const s = supervisor(recorder, { limits, commit: (batch) => gate.then(() => recorder.commit(batch)) })
    s.start(
      supervised('file:a', async function* (context) {
        while (!context.signal.aborted) yield { records: [{ id: `${pulled++}`, text: 'x' }], bytes: 100, acknowledge: () => {} }
      }),
    )
    for (let n = 0; n < 50; n++) await turn()
    expect(pulled).toBe(expected)
    expect(s.status('default', 'file:a')).toMatchObject({ state: 'waiting', reason: 'the writer is busy' })
    const stopped = s.stop('default', 'file:a', GRACE)
    release()
    await stopped
    expect(recorder.counts.stored).toBe(pulled)
    expect(s.status('default', 'file:a')).toMatchObject({ state: 'stopped', reason: undefined })
  }
})

test('a writer that refuses shows as waiting with its reason, and the source goes on when it takes again', async () => {
  const recorder = new Recorder()
  let full = true
  recorder.fault = () => (full ? new KanpekiError('disk_full', 'The disk is full.', { remedy: 'Free some space.' }) : undefined)
  const s = supervisor(recorder)
  const { source } = counting(3, new Set())
  s.start(source)
  await until(() => s.status('default', 'file:n')?.state === 'waiting')
  expect(s.status('default', 'file:n')?.reason).toBe('The disk is full. Free some space.')
  full = false
  await until(() => s.status('default', 'file:n')?.state === 'stopped')
  expect(recorder.counts).toMatchObject({ stored: 3, repeated: 0 })
})

test('a source that throws is failed with its reason and the time of the next attempt; progress resets the back-off', async () => {
  const waits: number[] = []
  const seen: unknown[] = []
  let lives = 0
  const s: Supervisor = supervisor(new Recorder(), {
    random: () => 1,
    wait: async (ms) => {
      waits.push(ms)
      seen.push(s.status('default', 'file:a'))
      await turn()
    },
  })
  s.start(
    supervised('file:a', async function* () {
      lives++
      if (lives === 5) yield { records: [{ id: '1', text: 'x' }], acknowledge: () => {} }
      if (lives < 7) throw new KanpekiError('file_denied', 'not readable', { place: { file: '/var/log/x' } })
    }),
  )
  await until(() => s.status('default', 'file:a')?.state === 'stopped')
  expect(waits).toEqual([1000, 2000, 4000, 8000, 1000, 2000])
  expect(seen[0]).toEqual({
    id: 'file:a',
    state: 'failed',
    reason: '/var/log/x: not readable',
    reasonCode: 'file_denied',
    retryAt: 2000,
    problems: [],
  })
})

test('back-off stays within half and the whole of its step, and under its bound', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const ms = backoffMs(attempt, () => random, { firstMs: 1000, maxMs: 60_000 })
      const full = Math.min(60_000, 1000 * 2 ** attempt)
      expect(ms).toBeGreaterThanOrEqual(full / 2)
      expect(ms).toBeLessThanOrEqual(full)
    }),
  )
})

test('stop takes what the source still holds, then ends', async () => {
  const recorder = new Recorder()
  const s = supervisor(recorder)
  s.start(
    supervised('syslog', async function* (context) {
      await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()))
      yield { records: [{ id: 'last', text: 'flushed at the end' }], gaps: 2, acknowledge: () => {} }
    }),
  )
  await turn()
  await s.stopAll(GRACE)
  expect(recorder.texts()).toEqual(['flushed at the end'])
  expect(recorder.counts.gaps).toBe(2)
})

test('a source that does not end, or a writer that never takes, is given up after the grace period and said so', async () => {
  const log: string[] = []
  const immediate: Partial<SupervisorDeps> = { wait: turn, log: (message) => log.push(message) }
  const deaf = supervisor(new Recorder(), immediate)
  deaf.start(
    supervised('file:deaf', async function* () {
      await new Promise(() => {})
      yield { records: [], acknowledge: () => {} }
    }),
  )
  await deaf.stopAll(1)
  expect(deaf.status('default', 'file:deaf')).toMatchObject({ state: 'stopped', reason: 'stopped with 0 batches unacknowledged' })

  const never = new Recorder()
  never.fault = () => new KanpekiError('disk_full', 'full')
  const stuck = supervisor(never, immediate)
  let acknowledged = 0
  stuck.start(
    supervised('file:stuck', async function* () {
      yield { records: [{ id: '1', text: 'x' }], acknowledge: () => void acknowledged++ }
    }),
  )
  for (let n = 0; n < 20; n++) await turn()
  await stuck.stopAll(1)
  expect(acknowledged).toBe(0)
  expect(stuck.status('default', 'file:stuck')?.state).toBe('stopped')
  expect(log).toContain('source stopped before it was done')
})

test('two sources of one name are refused; a stopped one may start again; problems come and go', async () => {
  const s = supervisor(new Recorder())
  const source = supervised('file:a', async function* (context) {
    context.problem?.('/x', { code: 'file_unreadable', text: 'not readable' })
    await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()))
    context.problem?.('/x', undefined)
  })
  s.start(source)
  await until(() => (s.status('default', 'file:a')?.problems.length ?? 0) > 0)
  expect(() => s.start(source)).toThrow(expect.objectContaining({ code: 'source_runs' }))
  await s.stop('default', 'file:a', GRACE)
  expect(s.status('default', 'file:a')?.problems).toEqual([])
  s.start(source)
  await until(() => s.status('default', 'file:a')?.problems.length === 1)
  await s.stop('default', 'file:a', GRACE)
  expect(s.status('default', 'nobody')).toBeUndefined()
})

test('an id of no kind is not opened; a commit that no later try can mend fails the source instead of holding it', async () => {
  const recorder = new Recorder()
  const one = supervisor(recorder, {
    wait: (ms, signal) => (ms >= 1e6 ? new Promise((resolve) => signal.addEventListener('abort', () => resolve())) : turn()),
  })
  expect(() => one.start(supervised('gopher:a', async function* () {}))).toThrow(expect.objectContaining({ code: 'bad_source' }))
  let tries = 0
  recorder.fault = () => (++tries <= 3 ? new KanpekiError('bad_source', 'no kind') : undefined)
  const { source, acknowledged, opened } = counting(2, new Set())
  one.start(source)
  await until(() => acknowledged.length === 2)
  expect(opened()).toBeGreaterThan(1)
  await one.stopAll(GRACE)
  expect(acknowledged).toEqual([0, 1])
})
