import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { judge, notExecuted, type SentScenario } from '../detect/scenarios/judge.ts'
import type { Scenario, Scenarios } from '../detect/scenarios/load.ts'
import { provenScenarios } from '../detect/scenarios/proofs.ts'
import { beginRun, type Executed, raisedByScenarios, recordRun } from '../detect/scenarios/record.ts'
import type { SelftestReport } from '../detect/scenarios/schema.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { readCheckpoint } from './pipeline/queries.ts'
import type { PipelineTables } from './pipeline/tables.ts'
import { type Repeating, repeatEvery } from './repeat.ts'
import { scenarioBodies } from './scenario-bodies.ts'
import type { Services } from './services.ts'

export interface Selftest {
  /** @throws KanpekiError `not_found` for a name that no scenario has. */
  execute(names: readonly string[] | undefined): Promise<SelftestReport>
  schedule(): Promise<{ readonly last: number | undefined; readonly next: number | undefined }>
  stop(): Promise<void>
}

export interface SelftestDeps
  extends Pick<Services, 'state' | 'lake' | 'pipeline' | 'clock' | 'log' | 'drainer' | 'rules' | 'startedAt'> {
  readonly scenarios: () => Scenarios
  /** The writer whose checkpoint says what the rules have seen. */
  readonly writer: string
  /** Milliseconds between two runs; null never runs by itself. */
  readonly every: number | null
  readonly zoneMinutes: number
  /** Told after each run. */
  readonly done: () => void
}

/** A server that was just started has other things to do. */
const FIRST_AFTER_MS = 120_000
const LOOK_EVERY_MS = 30_000
/** Whoever asks for everything sooner after the last run of everything is given its report: nobody can keep the writer busy with it. */
const APART_MS = 30_000
/** Until the rules have seen the last event of a run. */
const PATIENCE_MS = 120_000

/**
 * Executes scenarios: each part is handed over as the bytes that its source would send, takes the way of every event (parser,
 * lake, rules, alerts) in a scope of its own, and is judged by the alerts that are then there.
 */
export function startSelftest(deps: SelftestDeps): Selftest {
  const { state, clock } = deps
  let turn: Promise<unknown> = Promise.resolve()
  let whole: { readonly report: SelftestReport; readonly ended: number } | undefined

  async function schedule(): Promise<{ last: number | undefined; next: number | undefined }> {
    const { scenarios } = deps.scenarios()
    const standing = await provenScenarios(state.tables(), scenarios, deps.rules.loaded, clock.now() + 1)
    if (standing.length === 0) return { last: undefined, next: undefined }
    const times = standing.map(({ at }) => at)
    const last = times.includes(undefined) ? undefined : Math.min(...times.map((at) => at ?? 0))
    if (deps.every === null) return { last, next: undefined }
    const earliest = deps.startedAt + FIRST_AFTER_MS
    const changed = last === undefined || standing.some(({ state: proof }) => proof === 'stale')
    return { last, next: changed ? earliest : Math.max(earliest, last + deps.every) }
  }

  async function run(scenarios: readonly Scenario[]): Promise<SelftestReport> {
    const began = performance.now()
    const id = randomBytes(8).toString('hex')
    await state.transaction((trx) => beginRun(trx))
    const sent = await Promise.all(scenarios.map((scenario) => sendScenario(deps, scenario, id)))
    const seen = await rulesSaw(deps)
    const alerts = await raisedByScenarios(state.tables())
    const executed = sent.map((one): Executed => {
      const failure = one.failure ?? (seen ? undefined : 'The rules had not seen the last event in time.')
      const verdict = failure === undefined ? judge(one, deps.rules.loaded, alerts) : notExecuted(one.records, failure)
      return { scenario: one.scenario, ...verdict }
    })
    const now = clock.now()
    const results = await state.transaction((trx) => recordRun(trx, id, executed, now))
    deps.drainer.poke()
    const passed = executed.filter(({ result }) => result === 'passed')
    const report: SelftestReport = {
      run: id,
      at: new Date(now).toISOString(),
      seconds: Math.round(performance.now() - began) / 1000,
      totals: {
        scenarios: executed.length,
        passed: passed.length,
        failed: executed.filter(({ result }) => result === 'failed').length,
        unknown: executed.filter(({ result }) => result === 'unknown').length,
        techniques: new Set(passed.flatMap(({ scenario }) => scenario.techniques)).size,
      },
      results: [...results],
    }
    const { passed: good, failed, unknown } = report.totals
    deps.log[failed + unknown > 0 ? 'warn' : 'info']('scenarios were executed', { run: id, passed: good, failed, unknown })
    deps.done()
    return report
  }

  function execute(names: readonly string[] | undefined): Promise<SelftestReport> {
    const { scenarios } = deps.scenarios()
    const stray = names?.find((name) => !scenarios.some(({ id }) => id === name))
    if (stray !== undefined) {
      return Promise.reject(
        new KanpekiError('not_found', `There is no scenario ${stray}.`, { remedy: 'See kanpeki selftest --list.' }),
      )
    }
    const all = names === undefined || names.length === 0
    const wanted = all ? scenarios : scenarios.filter(({ id }) => names.includes(id))
    // One after the other: a run begins by taking the alerts of the one before away.
    const result = turn.then(async () => {
      if (all && whole !== undefined && clock.now() - whole.ended < APART_MS) return whole.report
      const report = await run(wanted)
      if (all) whole = { report, ended: clock.now() }
      return report
    })
    turn = result.catch(() => {})
    return result
  }

  const repeating: Repeating = repeatEvery(
    LOOK_EVERY_MS,
    async () => {
      const { next } = await schedule()
      if (next !== undefined && next <= clock.now()) await execute(undefined)
    },
    (error) => deps.log.error('executing scenarios failed and is tried again', { reason: messageOf(error) }),
  )

  return {
    execute,
    schedule,
    async stop() {
      await repeating.stop()
      await turn
    },
  }
}

async function sendScenario(
  { pipeline, clock, zoneMinutes }: SelftestDeps,
  scenario: Scenario,
  run: string,
): Promise<SentScenario & { readonly failure: string | undefined }> {
  const { bodies, prefixes, records } = scenarioBodies(scenario, run, clock.now(), zoneMinutes)
  const told = await Promise.allSettled(bodies.map((body) => pipeline.ask({ kind: 'body', body })))
  const failed = told.find((one) => one.status === 'rejected')
  return { scenario, prefixes, records, failure: failed === undefined ? undefined : messageOf(failed.reason) }
}

/** Whether the rules have seen, and their consequences are committed for, everything that the lake holds now. */
async function rulesSaw({ state, lake, writer, clock }: SelftestDeps): Promise<boolean> {
  const last = await lake.lastSequence(writer)
  const until = clock.now() + PATIENCE_MS
  for (;;) {
    const checkpoint = await readCheckpoint(state.tables<PipelineTables>(), writer)
    if ((checkpoint?.sequence ?? 0) >= last) return true
    if (clock.now() > until) return false
    await pause(50)
  }
}
