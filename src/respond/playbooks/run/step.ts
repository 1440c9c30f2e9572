import type { Action, ActionContext, ActionPlan, ActionReceipt } from '../../../kernel/action.ts'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { jsonText, readJson } from '../../../platform/state/columns.ts'
import { type RunChange, runEvidence } from '../evidence.ts'
import { protectedTarget } from '../guards.ts'
import { isOpen, nextOpen } from '../hours.ts'
import { type ActionStep, EXTENSION_KEY, type Playbook } from '../language/form.ts'
import { asText } from '../language/values.ts'
import { changeRun } from '../queries.ts'
import type { RunsTable, StepsTable } from '../tables.ts'
import { beginStep, type Guarded } from './begin.ts'
import type { Journal } from './journal.ts'
import { type Outcome, Stopped, Suspended } from './walk.ts'
import { partOf, type Work } from './work.ts'

export interface StepDeps extends Guarded {
  readonly run: RunsTable
  readonly journal: Journal
  /** Aborts when the run or everything is stopped. */
  readonly signal: AbortSignal
}

/** One command of one step, as it came out of its playbook. */
export interface Job {
  readonly step: ActionStep
  readonly playbook: Playbook
  readonly work: Work
  readonly row: StepsTable
}

/** Acting upon these contains nothing, and takes nothing away from anybody. */
const HARMLESS: ReadonlySet<string> = new Set(['message', 'ticket', 'nothing'])
const DEFAULT_TIMEOUT_MS = 60_000
const MOST_BACKOFF_MS = 3_600_000
/** A timer beyond this ends at once (HTML § 8.6, as Node has it). */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Takes one step on as far as it goes: what came of it, or Suspended. The row in the journal says where it stands, and
 * each change of it commits with its evidence before anything else happens. A row that is found `started` was started by a
 * process that ended, or its call was cut off: whether it happened is then found out as the action's `repeats` says.
 * @throws Suspended, Stopped.
 */
export async function takeStep(deps: StepDeps, job: Job): Promise<Outcome> {
  const { row } = job
  if (row.state === 'done' || row.state === 'planned') return { ok: true, output: readJson(row.output ?? '{}') }
  if (row.state === 'refused' && row.code === 'limit') throw new Stopped('limit', row.message ?? '')
  if (row.state === 'failed' || row.state === 'refused')
    return { ok: false, code: row.code ?? 'failed', message: row.message ?? '' }
  if (job.work.kind === 'manual') return await manual(deps, job, job.work.text)
  return await act(deps, { ...job, action: job.work.action })
}

interface ActJob extends Job {
  readonly action: Action
}

async function act(deps: StepDeps, job: ActJob): Promise<Outcome> {
  const { row } = job
  switch (row.state) {
    case 'ready':
      if ((row.next ?? 0) > deps.now()) throw new Suspended(row.next)
      return await makePlan(deps, job)
    case 'approval':
    case 'unsure':
      throw new Suspended(null)
    case 'hours':
    case 'retry':
      if ((row.next ?? 0) > deps.now()) throw new Suspended(row.next)
      // A further try may fall due when business is over; what a person let through or answered for goes on.
      return row.state === 'hours' || row.person === null ? await beforeRun(deps, job) : await run(deps, job)
    case 'approved':
      return await run(deps, job)
    case 'started':
      if ((row.next ?? 0) > deps.now()) throw new Suspended(row.next)
      return await recover(deps, job)
    default:
      throw new Error(`a step stands in ${row.state}`)
  }
}

async function makePlan(deps: StepDeps, job: ActJob): Promise<Outcome> {
  const { action } = job
  let plan: ActionPlan
  try {
    plan = await called(deps, job, (context) => action.plan(parsedInput(action, job.row), context))
  } catch (error) {
    if (deps.signal.aborted) throw new Suspended(deps.now())
    const { retries, backoff } = triesOf(job)
    if (isFinal(error) || job.row.tries >= retries) return await fail(deps, job, error)
    const next = deps.now() + pauseOf(backoff, job.row.tries)
    await deps.journal.keep({ ...job.row, tries: job.row.tries + 1, next, code: codeOf(error), message: messageOf(error) }, [])
    throw new Suspended(next)
  }
  const planned = { ...job.row, plan: jsonText(plan), tries: 0, next: null }
  if (deps.run.mode === 'plan') {
    const kept = await deps.journal.keep({ ...planned, state: 'planned', output: '{}', ended: deps.now() }, [
      told(deps, planned, 'planned', planOf(plan)),
    ])
    return { ok: true, output: readJson(kept.output ?? '{}') }
  }
  return await beforeRun(deps, { ...job, row: planned })
}

/** What stands between a plan and its execution: what is never touched, who has to agree, and when. */
async function beforeRun(deps: StepDeps, job: ActJob): Promise<Outcome> {
  const plan = readJson<ActionPlan>(job.row.plan!)
  const settings = await deps.guards()
  const hit = protectedTarget(plan.targets, settings)
  if (hit !== undefined) {
    const message = `${hit.target.name} is never acted upon (${hit.by}).`
    const row: StepsTable = { ...job.row, state: 'refused', code: 'protected', message, ended: deps.now() }
    await deps.journal.keep(row, [told(deps, row, 'refused', { code: 'protected', message, ...planOf(plan) })])
    return { ok: false, code: 'protected', message }
  }
  const { hours, approval } = job.playbook[EXTENSION_KEY]
  const closed = hours !== undefined && !isOpen(hours, deps.now())
  if (needsApproval(job, plan, approval) || (closed && hours.outside === 'approval')) {
    const row: StepsTable = { ...job.row, state: 'approval' }
    await deps.journal.keep(row, [told(deps, row, 'asked', planOf(plan))])
    throw new Suspended(null)
  }
  if (closed) {
    const next = nextOpen(hours, deps.now())
    await deps.journal.keep({ ...job.row, state: 'hours', next }, [])
    throw new Suspended(next)
  }
  return await run(deps, job)
}

function needsApproval(job: ActJob, plan: ActionPlan, policy: 'every' | 'risky' | 'none'): boolean {
  const own = job.step[EXTENSION_KEY]?.approval
  if (own !== undefined) return own === 'required'
  if (policy === 'none') return false
  const harmless = plan.targets.every(({ kind }) => HARMLESS.has(kind))
  return policy === 'every' ? plan.targets.length > 0 : !plan.reversible && !harmless
}

async function run(deps: StepDeps, job: ActJob): Promise<Outcome> {
  const plan = readJson<ActionPlan>(job.row.plan!)
  const row: StepsTable = { ...job.row, state: 'started', tries: job.row.tries + 1, started: deps.now(), next: null }
  try {
    await beginStep(deps, deps.run, deps.journal, row, plan, job.playbook, told(deps, row, 'started', planOf(plan)))
  } catch (error) {
    if (error instanceof Stopped && error.code !== 'stopped') await refuse(deps, job, error)
    throw error
  }
  const started = { ...job, row }
  try {
    const receipt = await called(deps, started, (context) => job.action.run(parsedInput(job.action, row), context), plan.before)
    return await finish(deps, started, receipt)
  } catch (error) {
    if (error instanceof Suspended || error instanceof Stopped) throw error
    return await afterError(deps, started, error)
  }
}

/** A call was cut off, by us or by the end of the process before: what is known about whether it happened. */
async function recover(deps: StepDeps, job: ActJob): Promise<Outcome> {
  const { action, row } = job
  if (action.repeats === 'repeat') return await run(deps, job)
  if (action.repeats === 'key' && action.find !== undefined) {
    const { find } = action
    const plan = readJson<ActionPlan>(row.plan!)
    try {
      const found = await called(deps, job, (context) => find(parsedInput(action, row), context), plan.before)
      return found === undefined ? await run(deps, job) : await finish(deps, job, found)
    } catch (error) {
      if (error instanceof Suspended || error instanceof Stopped) throw error
      return await again(deps, job, error)
    }
  }
  return await unsure(deps, job, 'Kanpeki was stopped while this was being done.')
}

async function afterError(deps: StepDeps, job: ActJob, error: unknown): Promise<Outcome> {
  const cut = deps.signal.aborted || isOpenEnded(error)
  if (cut && job.action.repeats === 'once') return await unsure(deps, job, messageOf(error))
  if (deps.signal.aborted) {
    const row: StepsTable = { ...job.row, state: job.action.repeats === 'repeat' ? 'retry' : 'started', next: deps.now() }
    await deps.journal.keep(row, [told(deps, row, 'retry', { message: 'Stopped while it ran.' })])
    throw new Suspended(deps.now())
  }
  return await again(deps, job, error)
}

/** Tries again later, or fails where it was tried often enough. */
async function again(deps: StepDeps, job: ActJob, error: unknown): Promise<Outcome> {
  const { retries, backoff } = triesOf(job)
  if (job.row.tries > retries || isFinal(error)) return await fail(deps, job, error)
  const next = deps.now() + pauseOf(backoff, job.row.tries - 1)
  // What may have happened is looked for before it is done again.
  const state = isOpenEnded(error) && job.action.repeats === 'key' ? 'started' : 'retry'
  const row: StepsTable = { ...job.row, state, next, code: codeOf(error), message: messageOf(error) }
  await deps.journal.keep(row, [told(deps, row, 'retry', { code: codeOf(error), message: messageOf(error), next })])
  throw new Suspended(next)
}

function triesOf({ step }: Job): { readonly retries: number; readonly backoff: number } {
  const { retries = 0, backoff = 5 } = step[EXTENSION_KEY] ?? {}
  return { retries, backoff }
}

/** Milliseconds before a further try: doubled for each. */
function pauseOf(backoff: number, tries: number): number {
  return Math.min(MOST_BACKOFF_MS, backoff * 1000 * 2 ** tries)
}

async function finish(deps: StepDeps, job: ActJob, receipt: ActionReceipt): Promise<Outcome> {
  const output = outputOf(job.step, receipt.detail)
  const row: StepsTable = {
    ...job.row,
    state: 'done',
    receipt: jsonText(receipt),
    output: jsonText(output),
    code: null,
    message: receipt.problem ?? null,
    next: null,
    ended: deps.now(),
  }
  const { undo: _, ...shown } = receipt
  const contains = row.plan !== null && readJson<ActionPlan>(row.plan).targets.some(({ kind }) => !HARMLESS.has(kind))
  await deps.journal.keep(row, [told(deps, row, 'done', { receipt: shown as unknown as JsonObject })], async (trx) => {
    if (contains) await changeRun(trx, deps.run.id, { contained: 1 })
  })
  return { ok: true, output }
}

async function refuse(deps: StepDeps, job: Job, { code, message }: Stopped): Promise<void> {
  const row: StepsTable = { ...job.row, state: 'refused', code, message, next: null, ended: deps.now() }
  await deps.journal.keep(row, [told(deps, row, 'refused', { code, message })])
}

async function fail(deps: StepDeps, job: Job, error: unknown): Promise<Outcome> {
  const [code, message] = [codeOf(error), messageOf(error)]
  const row: StepsTable = { ...job.row, state: 'failed', code, message, next: null, ended: deps.now() }
  await deps.journal.keep(row, [told(deps, row, 'failed', { code, message })])
  return { ok: false, code, message }
}

/** Nobody but a person can find out whether it happened. */
async function unsure(deps: StepDeps, job: ActJob, message: string): Promise<Outcome> {
  const row: StepsTable = { ...job.row, state: 'unsure', code: 'unsure', message, next: null }
  await deps.journal.keep(row, [told(deps, row, 'unsure', { message })])
  throw new Suspended(null)
}

async function manual(deps: StepDeps, job: Job, text: string): Promise<Outcome> {
  const { row } = job
  if (row.state === 'person') {
    if (row.next === null || row.next > deps.now()) throw new Suspended(row.next)
    return await fail(deps, job, new KanpekiError('timeout', 'Nobody answered in time.'))
  }
  if (deps.run.mode === 'plan') {
    const plan: ActionPlan = { summary: { en: text, ja: text }, targets: [], reversible: false }
    const kept: StepsTable = { ...row, state: 'planned', plan: jsonText(plan), output: '{}', ended: deps.now() }
    await deps.journal.keep(kept, [told(deps, kept, 'planned', { manual: text })])
    return { ok: true, output: {} }
  }
  const next = job.step.timeout === undefined ? null : deps.now() + job.step.timeout
  const asked: StepsTable = { ...row, state: 'person', message: text, next }
  await deps.journal.keep(asked, [told(deps, asked, 'asked', { manual: text })])
  throw new Suspended(next)
}

/** A call that ends with its time even where the action does not mind the signal. */
async function called<T>(
  deps: StepDeps,
  job: Job,
  work: (context: ActionContext) => Promise<T>,
  before?: JsonObject,
): Promise<T> {
  const ms = Math.min(job.step.timeout ?? DEFAULT_TIMEOUT_MS, LONGEST_TIMER_MS)
  const timer = new AbortController()
  const timeout = setTimeout(() => timer.abort(new KanpekiError('timeout', `It took longer than ${ms / 1000} seconds.`)), ms)
  const signal = AbortSignal.any([deps.signal, timer.signal])
  const { run } = deps
  const context: ActionContext = {
    scope: run.scope,
    key: job.row.key,
    by: `playbook ${run.playbook_id} version ${run.version}`,
    signal,
    now: deps.now,
    ...(before === undefined ? {} : { before }),
  }
  const ended = Promise.withResolvers<never>()
  const abort = (): void => ended.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work(context), ended.promise])
  } finally {
    clearTimeout(timeout)
    signal.removeEventListener('abort', abort)
    ended.promise.catch(() => {})
  }
}

/** @throws KanpekiError `invalid_input` with the field. */
function parsedInput(action: Action, row: StepsTable): unknown {
  const parsed = action.input.safeParse(readJson<JsonValue>(row.input ?? '{}'))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new KanpekiError('invalid_input', `${action.id} does not take this: ${issue?.message ?? ''}`, {
    place: { field: issue?.path.join('.') ?? '' },
    remedy: 'Change the input in the playbook, or what its variables hold.',
  })
}

function outputOf(step: ActionStep, detail: JsonObject): Record<string, string> {
  const out = step[EXTENSION_KEY]?.out ?? Object.fromEntries((step.out_args ?? []).map((name) => [name, name.slice(2, -2)]))
  return Object.fromEntries(
    Object.entries(out).flatMap(([name, path]): [string, string][] => {
      const value = partOf(detail, path)
      return value === undefined || value === null ? [] : [[name, asText(value)]]
    }),
  )
}

/** Codes after which nobody knows whether the other side did it. */
const OPEN_ENDED = new Set(['timeout', 'outgoing_timeout', 'outgoing_failed', 'outgoing_too_large', 'http_server', 'unsure'])
/** Codes that the same try would meet again. */
const FINAL = new Set(['invalid_input', 'outgoing_refused', 'not_found', 'not_set_up', 'http_status', 'forbidden'])

function isOpenEnded(error: unknown): boolean {
  return !(error instanceof KanpekiError) || OPEN_ENDED.has(error.code)
}

function isFinal(error: unknown): boolean {
  return error instanceof KanpekiError && FINAL.has(error.code)
}

function codeOf(error: unknown): string {
  return error instanceof KanpekiError ? error.code : 'failed'
}

function told(deps: StepDeps, row: StepsTable, change: RunChange, more: JsonObject) {
  return runEvidence(deps.run, change, deps.now(), more, row)
}

function planOf(plan: ActionPlan): JsonObject {
  return { plan: plan.summary.en, targets: plan.targets.map(({ kind, name }) => ({ kind, name })), reversible: plan.reversible }
}
