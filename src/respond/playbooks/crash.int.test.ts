import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { readOutbox } from '../../platform/state/outbox.ts'
import { openState, type State } from '../../platform/state/state.ts'
import { migrations } from '../migrations.ts'
import { enqueueRuns } from './enqueue.ts'
import { answerStep, undoOf } from './intervene.ts'
import { readPlaybook } from './language/read.ts'
import { runById, stepsOf } from './queries.ts'
import { createRunner } from './run/runner.ts'
import type { PlaybookTables } from './tables.ts'
import { effectsIn, fileActions } from './testing/actions.ts'
import { decideVersion, saveVersion, setPlaybook } from './write.ts'

const root = mkdtempSync(join(tmpdir(), 'kanpeki-crash-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const CHILD = fileURLToPath(new URL('testing/crash-child.ts', import.meta.url))

const SOURCE = JSON.stringify({
  id: 'three',
  name: 'One of each kind',
  'x-kanpeki': { triggers: [{}] },
  workflow_start: 'start',
  workflow: {
    start: { type: 'start', on_completion: 'block' },
    block: { type: 'action', 'x-kanpeki': { action: 'block', input: { address: '203.0.113.9' } }, on_completion: 'ticket' },
    ticket: { type: 'action', 'x-kanpeki': { action: 'ticket', input: { text: 'T' } }, on_completion: 'letter' },
    letter: { type: 'action', 'x-kanpeki': { action: 'letter', input: { text: 'L' } }, on_completion: 'end' },
    end: { type: 'end' },
  },
})
const who = (name: string) => ({ id: name, name, account: name })
const FACTS = {
  id: 'a1',
  scope: 'default',
  title: 'T',
  rule: 'r',
  severity: 1,
  techniques: [],
  tactics: [],
  entity: { kind: 'address', name: '203.0.113.9' },
  fields: {},
}

/** A store in which an alert has begun the playbook, and nothing has run yet. */
async function prepared(path: string): Promise<string> {
  const state = await openState({ path }, migrations)
  const now = Date.now()
  await state.transaction<PlaybookTables, void>(async (trx) => {
    await saveVersion(trx, 'default', SOURCE, readPlaybook(SOURCE).playbook!, who('eva'), { note: '', file: '', now })
    await decideVersion(trx, 'three', 1, 'approve', '', who('aya'), now)
    await setPlaybook(trx, 'three', { mode: 'real' }, who('eva'), now)
    await enqueueRuns(trx, [FACTS], now)
  })
  const { id } = await state.tables<PlaybookTables>().selectFrom('respond_runs').select('id').executeTakeFirstOrThrow()
  await state.close()
  return id
}

/** Another process runs the playbook and is killed as by a power cut where it says that it is there. */
async function killAt(path: string, folder: string, action: string, point: string): Promise<void> {
  const child = fork(CHILD, [path, folder, action, point], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const gone = once(child, 'exit')
  const said = await Promise.race([once(child, 'message'), gone.then(() => ['ended before it got there'])])
  expect(said[0]).toBe('reached')
  child.kill('SIGKILL')
  await gone
}

function runnerOn(state: State, folder: string) {
  const complaints: unknown[] = []
  const runner = createRunner({
    state,
    clock: { now: () => Date.now() },
    log: { error: (...all: unknown[]) => void complaints.push(all), warn: () => {} },
    doers: () => ({ actions: fileActions(folder), commands: {} }),
    changed: () => {},
  })
  return { round: () => runner.round(), complaints }
}

const POINTS = ['block', 'ticket', 'letter'].flatMap((action) =>
  ['plan', 'before', 'after'].map((point) => [action, point] as const),
)

it('runs nothing twice and forgets nothing where it is killed at any point of any kind of action', async () => {
  const outcomes = await Promise.all(
    POINTS.map(async ([action, point]) => {
      const [path, folder] = [join(root, `${action}-${point}.db`), join(root, `${action}-${point}`)]
      const run = await prepared(path)
      await killAt(path, folder, action, point)
      const before = effectsIn(folder)
      const state = await openState({ path }, migrations)
      const db = state.tables<PlaybookTables>()
      const { round, complaints } = runnerOn(state, folder)
      try {
        await round()
        const unsure = (await stepsOf(db, run)).find((step) => step.state === 'unsure')
        if (unsure !== undefined) {
          const answer = effectsIn(folder).includes('letter L') ? ('ran' as const) : ('not-run' as const)
          await state.transaction<PlaybookTables, void>((trx) =>
            answerStep(trx, run, unsure.key, { answer, note: '', values: {} }, who('ren'), Date.now()),
          )
          await round()
        }
        expect((await runById(db, run))?.state).toBe('done')
        const after = effectsIn(folder)
        await state.transaction<PlaybookTables, void>((trx) => undoOf(trx, run, who('ren'), Date.now()))
        await round()
        expect((await runById(db, run))?.state).toBe('undone')
        expect(complaints).toEqual([])
        const said = (await readOutbox(db, 0, 1000)).filter(({ type }) => type === 'run').map(({ body }) => body['change'])
        return {
          at: `${action} ${point}`,
          before,
          after,
          undone: effectsIn(folder).slice(after.length),
          asked: unsure?.step_id,
          said,
        }
      } finally {
        await state.close()
      }
    }),
  )
  const all = ['block 203.0.113.9', 'ticket T', 'letter L']
  const had: Readonly<Record<string, number>> = {
    'block after': 1,
    'ticket plan': 1,
    'ticket before': 1,
    'ticket after': 2,
    'letter plan': 2,
    'letter before': 2,
    'letter after': 3,
  }
  for (const { at, before, after, undone, asked, said } of outcomes) {
    expect(before, at).toEqual(all.slice(0, had[at] ?? 0))
    expect(after, at).toEqual(all)
    expect(undone, at).toEqual(['unblock 203.0.113.9'])
    // Only of what must not be done twice, and only where it had been begun, is a person asked.
    expect(asked, at).toBe(at === 'letter before' || at === 'letter after' ? 'letter' : undefined)
    expect(
      said.filter((change) => change === 'done').length +
        said.filter((change) => change === 'answered' && at === 'letter after').length,
      at,
    ).toBe(3)
    expect(said.at(0), at).toBe('begun')
    expect(said.at(-1), at).toBe('ended')
  }
  console.log(`killed at ${outcomes.length} points: ${outcomes.map(({ at }) => at).join(', ')}`)
  expect(outcomes).toHaveLength(9)
}, 60_000)
