import type { z } from 'zod'
import type { ActionPlan, ActionReceipt } from '../../kernel/action.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import { waysOf } from './language/check.ts'
import { EXTENSION_KEY, type Playbook, type Step } from './language/form.ts'
import { undoable } from './run/undo.ts'
import type { PlaybookGraph, PlaybookSummary, RunSummary, RunView, StepView, versionView } from './schema.ts'
import type { GuardsTable, PlaybooksTable, RunsTable, StepsTable, VersionsTable } from './tables.ts'

export function iso(at: number): string {
  return new Date(at).toISOString()
}

export function isoOrNull(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : iso(at)
}

export function graphOf(playbook: Playbook): PlaybookGraph {
  const steps = Object.entries(playbook.workflow).map(([id, step]) => {
    const name = step.name ?? id
    return {
      id,
      type: step.type,
      name: { en: name, ja: step[EXTENSION_KEY]?.ja ?? name },
      work: workNameOf(step),
      ways: waysOf(step).map(([path, to]) => ({ kind: path.join('.'), to })),
    }
  })
  return { start: playbook.workflow_start, steps }
}

function workNameOf(step: Step): string {
  if (step.type === 'playbook-action') return step.playbook_id
  if (step.type !== 'action') return ''
  return step[EXTENSION_KEY]?.action ?? [...new Set((step.commands ?? []).map(({ type }) => type))].join(', ')
}

export function mayDecide(caller: Caller, author: string | null): boolean {
  return caller.permissions.has('playbooks:approve') && caller.account !== null && caller.account !== author
}

export function viewOfVersion(row: VersionsTable, caller: Caller): z.input<typeof versionView> {
  return {
    version: row.version,
    state: row.state,
    digest: row.digest,
    file: row.file,
    note: row.note,
    author: row.author_name,
    createdAt: iso(row.created),
    decidedBy: row.decided_name,
    decidedAt: isoOrNull(row.decided),
    mayDecide: row.state === 'waiting' && mayDecide(caller, row.author_account),
  }
}

export function summaryOf(
  row: PlaybooksTable,
  versions: readonly Pick<VersionsTable, 'version' | 'state'>[],
  counts: readonly { readonly state: RunsTable['state']; readonly n: number; readonly last: number }[],
): PlaybookSummary {
  const newest = versions.reduce<(typeof versions)[number] | undefined>(
    (best, one) => (best === undefined || one.version > best.version ? one : best),
    undefined,
  )
  return {
    id: row.id,
    name: { en: row.name, ja: row.name_ja },
    enabled: row.enabled === 1,
    mode: row.mode,
    version: row.version,
    latest: newest?.version ?? row.version,
    approved: versions.some((one) => one.version === row.version && one.state === 'approved'),
    waiting: newest?.state === 'waiting',
    triggered: row.armed === 1,
    runs: Object.fromEntries(counts.map(({ state, n }) => [state, n])),
    lastRunAt: counts.length === 0 ? null : iso(Math.max(...counts.map(({ last }) => last))),
  }
}

export function viewOfStep(row: StepsTable, caller: Caller, starter: string | null): StepView {
  const plan = row.plan === null ? null : readJson<ActionPlan>(row.plan)
  const receipt = row.receipt === null ? null : readJson<ActionReceipt>(row.receipt)
  const undo =
    row.undo_receipt === null ? null : readJson<{ readonly message?: string; readonly problem?: string }>(row.undo_receipt)
  return {
    key: row.key,
    path: row.path,
    step: row.step_id,
    name: { en: row.name, ja: row.name_ja },
    work: row.work,
    state: row.state,
    tries: row.tries,
    nextAt: isoOrNull(row.next),
    input: row.input === null ? null : readJson<JsonValue>(row.input),
    plan: plan === null ? null : { summary: plan.summary, targets: [...plan.targets], reversible: plan.reversible },
    receipt: receipt === null ? null : { outcome: receipt.outcome, detail: receipt.detail, problem: receipt.problem ?? null },
    code: row.code,
    message: row.message,
    person: row.person,
    undo: row.undo_state,
    undoMessage: undo?.message ?? undo?.problem ?? null,
    reachedAt: iso(row.created),
    startedAt: isoOrNull(row.started),
    endedAt: isoOrNull(row.ended),
    mayDecide: row.state === 'approval' && mayDecide(caller, starter),
  }
}

export function summaryOfRun(
  run: RunsTable,
  nameJa: string,
  now: number,
  guards: GuardsTable | undefined,
  steps?: readonly StepsTable[],
): RunSummary {
  return {
    id: run.id,
    playbook: { id: run.playbook_id, name: { en: run.playbook_name, ja: nameJa }, version: run.version },
    mode: run.mode,
    simulated: run.simulated === 1,
    state: run.state,
    waitsFor: waitsFor(run, now, guards, steps),
    nextAt: isoOrNull(run.next),
    alert: run.alert_id,
    incident: run.incident_id,
    human: run.human === 1,
    code: run.code,
    reason: run.reason,
    by: run.by_name,
    createdAt: iso(run.created),
    startedAt: isoOrNull(run.started),
    endedAt: isoOrNull(run.ended),
    undoAt: isoOrNull(run.undo_at),
  }
}

function waitsFor(
  run: RunsTable,
  now: number,
  guards: GuardsTable | undefined,
  steps: readonly StepsTable[] | undefined,
): RunSummary['waitsFor'] {
  if (run.state !== 'waiting') return null
  if (steps?.some(({ state }) => state === 'approval') === true) return 'approval'
  if (steps?.some(({ state }) => state === 'person' || state === 'unsure') === true) return 'person'
  if (run.next === null) return 'person'
  if (run.next > now) return 'time'
  return guards?.halted === 1 ? 'halt' : 'turn'
}

export function viewOfRun(
  run: RunsTable,
  nameJa: string,
  steps: readonly StepsTable[],
  graph: PlaybookGraph | null,
  caller: Caller,
  now: number,
  guards: GuardsTable | undefined,
): RunView {
  return {
    ...summaryOfRun(run, nameJa, now, guards, steps),
    variables: readJson<Record<string, string>>(run.given),
    steps: steps.map((row) => viewOfStep(row, caller, run.by_account)),
    undoable: run.state === 'waiting' ? 0 : undoable(steps).length,
    graph,
  }
}
