import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ActionPlan } from '../../../kernel/action.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { Log } from '../../../platform/log.ts'
import { jsonText, readJson } from '../../../platform/state/columns.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import type { State } from '../../../platform/state/state.ts'
import { runEvidence } from '../evidence.ts'
import { type ActionStep, EXTENSION_KEY, type Playbook, type Step } from '../language/form.ts'
import { readPlaybook } from '../language/read.ts'
import type { Variables } from '../language/values.ts'
import { changeRun, dueRuns, dueUndos, playbookById, runById, versionOf, wakeRun } from '../queries.ts'
import type { PlaybookTables, RunsTable, StepsTable } from '../tables.ts'
import { guardSettingsOf } from './begin.ts'
import { type Journal, openJournal } from './journal.ts'
import { type StepDeps, takeStep } from './step.ts'
import { undoable, undoRun } from './undo.ts'
import { type Outcome, type Path, Stopped, Suspended, type Walked, walk } from './walk.ts'
import { type Doers, type Work, worksOf } from './work.ts'

export interface RunnerDeps {
  readonly state: State
  readonly clock: Clock
  readonly log: Pick<Log, 'error' | 'warn'>
  readonly doers: () => Doers
  /** Runs that are taken at a time; 16 unless said. */
  readonly atOnce?: number
  /** Something was recorded or changed. */
  readonly changed: () => void
}

export interface Runner {
  /** Takes every run that is due as far as it goes; resolves when none is due any more. */
  round(): Promise<void>
  /** Cuts off the calls of a run, or of all runs of a scope, that go on now. */
  cut(which: { readonly run: string } | { readonly scope: string }): void
  /** Begins nothing more, and cuts off what still goes on after a while; the next process finds out what became of that. */
  stop(): Promise<void>
}

/** Calls to other systems wait rather than work, so more at a time than there are cores; and few enough that no other system is flooded. */
const AT_ONCE = 16
const TAKEN = 200
const DEPENDS = { en: 'Depends on what an earlier step returns.', ja: '前のステップの結果によって決まります。' }
/** How long a call that goes on may still take while Kanpeki stops. */
const GRACE_MS = 10_000

/**
 * Runs playbooks from the journal in the state store. Only one process runs them: the data folder's lock sees to that.
 * Nothing is kept in memory between two takes of a run.
 */
export function createRunner({ state, clock, log, doers, atOnce = AT_ONCE, changed }: RunnerDeps): Runner {
  const db = state.tables<PlaybookTables>()
  const now = (): number => clock.now()
  const going = new Map<string, { readonly scope: string; readonly controller: AbortController; readonly done: Promise<void> }>()
  const parsed = new Map<string, Playbook>()
  let stopped = false

  async function playbookOf(uid: string, version: number): Promise<Playbook> {
    const key = `${uid}\0${version}`
    const known = parsed.get(key)
    if (known !== undefined) return known
    const row = await versionOf(db, uid, version)
    if (row === undefined) throw new Stopped('not_found', `Version ${version} of the playbook is gone.`)
    const { playbook, problems } = readPlaybook(row.source)
    if (playbook === undefined) throw new Stopped('not_valid', problems[0]?.message ?? 'The playbook cannot be read.')
    if (parsed.size >= 500) parsed.clear()
    parsed.set(key, playbook)
    return playbook
  }

  async function take(id: string, signal: AbortSignal): Promise<void> {
    await nextTurn()
    // The list of what is due may be older than the end of the take before.
    const run = await runById(db, id)
    if (run === undefined || run.next === null || run.next > now()) return
    const journal = await openJournal(state, run, now)
    if (run.state === 'undoing') return await takeBack(run, journal, signal)
    const started = run.started ?? now()
    try {
      if (run.stop_by !== null) throw new Stopped('stopped', `${run.stop_by} stopped the run.`)
      const playbook = await playbookOf(run.playbook_uid, run.version)
      if (run.mode === 'real') await refuseUnapproved(run.playbook_uid, run.version)
      const given = readJson<Record<string, string>>(run.given)
      const walked: Walked = await walk(playbook, given, workOf(run, playbook, journal, signal))
      const ended =
        walked.result === 'done'
          ? { state: 'done' as const, code: null, reason: null }
          : { state: 'failed' as const, code: walked.code, reason: walked.message }
      await end({ ...run, started }, journal, ended, playbook)
    } catch (error) {
      if (error instanceof Suspended) return await wait({ ...run, started }, error.wake)
      if (!(error instanceof Stopped)) throw error
      await settleCut(run, journal)
      await end({ ...run, started }, journal, { state: 'stopped', code: error.code, reason: error.message }, undefined)
    }
  }

  /** Steps that a stop cut off: whether they happened is for a person to find out. */
  async function settleCut(run: RunsTable, journal: Journal): Promise<void> {
    for (const row of journal.rows())
      if (row.state === 'started')
        await journal.keep(
          { ...row, state: 'unsure', code: 'unsure', message: 'The run was stopped while this was being done.', next: null },
          [runEvidence(run, 'unsure', now(), {}, row)],
        )
  }

  function workOf(run: RunsTable, main: Playbook, journal: Journal, signal: AbortSignal) {
    const called = new Map<Path, Playbook>()
    /** The playbook that a path lies in: the one called last on the way. */
    const playbookAt = (path: Path): Playbook => {
      const at = path.lastIndexOf('>/')
      return at < 0 ? main : (called.get(path.slice(0, at)) ?? main)
    }
    let guards: ReturnType<typeof guardSettingsOf> | undefined
    const deps: StepDeps = {
      run,
      journal,
      now,
      signal,
      stopping: () => stopped,
      guards: () => (guards ??= guardSettingsOf(db, run.scope)),
    }
    return {
      rounds: run.mode === 'plan' ? 1 : Number.POSITIVE_INFINITY,
      visited: () => {},
      async delayed(step: Step, id: string, path: Path): Promise<void> {
        if (run.mode === 'plan') return
        const at = `${path}~`
        const row =
          journal.at(at) ??
          (await journal.keep(
            { ...journal.begin(at, named(step, id, 'delay', null), now()), state: 'delayed', next: now() + (step.delay ?? 0) },
            [],
          ))
        if (row.state === 'done') return
        if ((row.next ?? 0) > now()) throw new Suspended(row.next)
        await journal.keep({ ...row, state: 'done', next: null, ended: now() }, [])
      },
      async playbook(step: Extract<Step, { type: 'playbook-action' }>, id: string, path: Path): Promise<Playbook> {
        const at = `${path}>`
        let row = journal.at(at)
        if (row === undefined) {
          const found = await playbookById(state.scoped<PlaybookTables>(run.scope), step.playbook_id)
          if (found === undefined) throw new Stopped('not_found', `There is no playbook ${step.playbook_id}.`)
          if (run.mode === 'real') await refuseUnapproved(found.uid, found.version)
          const fresh = journal.begin(
            at,
            named(step, id, 'playbook', jsonText({ playbook: found.uid, version: found.version })),
            now(),
          )
          row = await journal.keep({ ...fresh, state: 'done', ended: now() }, [])
        }
        const pinned = readJson<{ playbook: string; version: number }>(row.input!)
        const playbook = await playbookOf(pinned.playbook, pinned.version)
        called.set(path, playbook)
        return playbook
      },
      async act(step: ActionStep, id: string, path: Path, variables: Variables): Promise<Outcome> {
        return await actAll(deps, step, id, path, variables, playbookAt(path))
      },
    }
  }

  async function refuseUnapproved(uid: string, version: number): Promise<void> {
    const row = await versionOf(db, uid, version)
    if (row?.state !== 'approved')
      throw new Stopped('not_approved', `Version ${version} of a playbook that it calls was not approved.`)
  }

  async function actAll(
    deps: StepDeps,
    step: ActionStep,
    id: string,
    path: Path,
    variables: Variables,
    playbook: Playbook,
  ): Promise<Outcome> {
    const { journal } = deps
    let works: readonly Work[]
    try {
      works = worksOf(step, playbook, variables, doers())
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      if (deps.run.mode === 'plan' && error.code === 'variable') return await unknownYet(deps, step, id, path)
      return await unable(deps, step, id, path, error)
    }
    const output: Record<string, string> = {}
    for (const [number, work] of works.entries()) {
      const at = works.length === 1 ? path : `${path}#${number}`
      const kind = work.kind === 'manual' ? 'manual' : work.action.id
      const input = work.kind === 'manual' ? null : jsonText(work.input as object)
      const row = journal.at(at) ?? journal.begin(at, named(step, id, kind, input), now())
      const outcome = await takeStep(deps, { step, playbook, work, row })
      if (!outcome.ok) return outcome
      Object.assign(output, outcome.output)
    }
    return { ok: true, output }
  }

  /** A plan has no receipts, so that what depends on one cannot be planned. */
  async function unknownYet(deps: StepDeps, step: ActionStep, id: string, path: Path): Promise<Outcome> {
    if (deps.journal.at(path) === undefined) {
      const work = step[EXTENSION_KEY]?.action ?? step.commands?.[0]?.type ?? 'none'
      const plan: ActionPlan = { summary: DEPENDS, targets: [], reversible: false }
      const row = deps.journal.begin(path, named(step, id, work, null), now())
      await deps.journal.keep({ ...row, state: 'planned', plan: jsonText(plan), output: '{}', ended: now() }, [
        runEvidence(deps.run, 'planned', now(), { plan: DEPENDS.en }, row),
      ])
    }
    return { ok: true, output: {} }
  }

  /** A step that cannot even be put together, kept like any other that fails. */
  async function unable(deps: StepDeps, step: ActionStep, id: string, path: Path, error: KanpekiError): Promise<Outcome> {
    const known = deps.journal.at(path)
    const { code } = error
    const message = messageOf(error)
    if (known === undefined || known.state === 'ready') {
      const fresh: StepsTable = {
        ...deps.journal.begin(path, named(step, id, 'none', null), now()),
        state: 'failed',
        code,
        message,
        ended: now(),
      }
      await deps.journal.keep(fresh, [runEvidence(deps.run, 'failed', now(), { code, message }, fresh)])
    }
    return { ok: false, code, message }
  }

  async function takeBack(run: RunsTable, journal: Journal, signal: AbortSignal): Promise<void> {
    const { undone, failed } = await undoRun({ journal, run, actions: doers().actions, now, signal })
    await state.transaction<PlaybookTables, void>(async (trx) => {
      const reason = failed === 0 ? null : `${failed} of ${undone + failed} steps could not be taken back.`
      await changeRun(trx, run.id, {
        state: 'undone',
        next: null,
        undo_at: null,
        code: failed === 0 ? null : 'undo_failed',
        reason,
      })
      await recordEvidence(trx, [runEvidence(run, 'ended', now(), { state: 'undone', undone, failed })], { now })
    })
  }

  async function end(
    run: RunsTable,
    journal: Journal,
    { state: ended, code, reason }: { state: RunsTable['state']; code: string | null; reason: string | null },
    playbook: Playbook | undefined,
  ): Promise<void> {
    const after = playbook?.[EXTENSION_KEY].undo_after
    const undoAt = after === undefined || undoable(journal.rows()).length === 0 ? null : now() + after * 1000
    await state.transaction<PlaybookTables, void>(async (trx) => {
      await changeRun(trx, run.id, {
        state: ended,
        next: null,
        started: run.started,
        ended: now(),
        code,
        reason,
        undo_at: undoAt,
      })
      const steps = journal.rows().filter((row) => row.state === 'done' || row.state === 'planned').length
      const more = { state: ended, steps, ...(code === null ? {} : { code, reason }) }
      await recordEvidence(trx, [runEvidence(run, 'ended', now(), more)], { now })
    })
  }

  /** Something may have changed while the run was taken: then it is looked at again at once. */
  async function wait(run: RunsTable, wake: number | null): Promise<void> {
    await state.transaction<PlaybookTables, void>(async (trx) => {
      const fresh = await runById(trx, run.id)
      await changeRun(trx, run.id, { started: run.started, next: fresh?.wakes === run.wakes ? wake : now() })
    })
  }

  async function beginUndos(): Promise<void> {
    for (const run of await dueUndos(db, now()))
      await state.transaction<PlaybookTables, void>(async (trx) => {
        await wakeRun(trx, run.id, now(), { state: 'undoing', undo_at: null, undo_by: 'time' })
        await recordEvidence(trx, [runEvidence(run, 'undo-started', now(), { undoBy: 'time' })], { now })
      })
  }

  function start(run: RunsTable): void {
    const controller = new AbortController()
    const done = take(run.id, controller.signal)
      .catch(async (error: unknown) => {
        if (stopped) return
        log.error('a run of a playbook failed here and is tried again', { run: run.id, reason: messageOf(error) })
        await changeRun(db, run.id, { next: now() + 10_000 }).catch(() => {})
      })
      .finally(() => {
        going.delete(run.id)
        changed()
      })
    going.set(run.id, { scope: run.scope, controller, done })
  }

  return {
    async round() {
      await beginUndos()
      for (;;) {
        const due = (await dueRuns(db, now(), TAKEN)).filter(({ id }) => !going.has(id))
        if (stopped || (due.length === 0 && going.size === 0)) return
        for (const run of due) {
          while (going.size >= atOnce) await Promise.race([...going.values()].map(({ done }) => done))
          if (stopped) return
          start(run)
        }
        if (going.size > 0) await Promise.race([...going.values()].map(({ done }) => done))
      }
    },
    cut(which) {
      for (const [id, { scope, controller }] of going)
        if ('run' in which ? id === which.run : scope === which.scope)
          controller.abort(new KanpekiError('stopped', 'It was stopped.'))
    },
    async stop() {
      stopped = true
      const all = Promise.allSettled([...going.values()].map(({ done }) => done))
      const late = Promise.withResolvers<void>()
      const timer = setTimeout(() => late.resolve(), GRACE_MS)
      await Promise.race([all, late.promise])
      clearTimeout(timer)
      for (const { controller } of going.values()) controller.abort(new KanpekiError('ending', 'Kanpeki stops.'))
      await all
    },
  }
}

function named(
  step: Step,
  id: string,
  work: string,
  input: string | null,
): Pick<StepsTable, 'step_id' | 'name' | 'name_ja' | 'work' | 'input'> {
  const name = step.name ?? id
  return { step_id: id, name, name_ja: step[EXTENSION_KEY]?.ja ?? name, work, input }
}
