import type { RunState, StepState } from './schema.ts'

/** Times are milliseconds UTC. */
export interface PlaybooksTable {
  /** Scope and id: what versions and runs point at. */
  uid: string
  scope: string
  id: string
  name: string
  name_ja: string
  /** Whether alerts begin it. */
  enabled: 0 | 1
  /** `plan` only says what it would do. */
  mode: 'plan' | 'real'
  /** The version that runs; null until one was approved, or kept for plans. */
  version: number
  /** Whether the version that runs has triggers. */
  armed: 0 | 1
  /** JSON of its triggers and of how variables are filled (triggers.ts). */
  arming: string
  created: number
  updated: number
}

export interface VersionsTable {
  uid: string
  scope: string
  playbook_uid: string
  /** 1, 2, 3 … */
  version: number
  /** SHA-256 of the source. */
  digest: string
  source: string
  /** Where it was taken from; empty for what was written in the console. */
  file: string
  note: string
  state: 'waiting' | 'approved' | 'refused'
  author_account: string | null
  author_name: string
  created: number
  decided_account: string | null
  decided_name: string | null
  decided: number | null
}

/** A playbook that runs, waits or ran. */
export interface RunsTable {
  id: string
  scope: string
  playbook_uid: string
  playbook_id: string
  playbook_name: string
  version: number
  /** As the playbook stood when it began. */
  mode: 'plan' | 'real'
  /** Of an exercise: nothing but plans is ever made. */
  simulated: 0 | 1
  /** `waiting` until it has ended; `next` says for what. */
  state: RunState
  /** When it goes on: null while it waits for a person, or has ended. */
  next: number | null
  /** Grows whenever somebody changes something it may wait for. */
  wakes: number
  /** Once set, no further step is begun. */
  stop_by: string | null
  alert_id: string | null
  incident_id: string | null
  /** JSON: values of external variables. */
  given: string
  /** A person started, approved, answered, stopped or undid anything of it. */
  human: 0 | 1
  /** At least one step has really done something. */
  contained: 0 | 1
  /** Its incident was told how it ended. */
  settled: 0 | 1
  /** When what it did is taken back by itself. */
  undo_at: number | null
  undo_by: string | null
  code: string | null
  reason: string | null
  by_account: string | null
  by_name: string
  /** When the alert was raised, or it was asked for. */
  created: number
  started: number | null
  ended: number | null
}

/** The journal of a run: one row a step that has been reached, of those that do something or wait. */
export interface StepsTable {
  /** Hash of run and path; the idempotency key of every try. */
  key: string
  scope: string
  run_id: string
  /** Where in the run it stands (run/walk.ts). */
  path: string
  /** In the order in which they were reached. */
  number: number
  step_id: string
  name: string
  name_ja: string
  /** Id of the action, `manual`, `delay`, `playbook`, or the kind of command. */
  work: string
  state: StepState
  tries: number
  next: number | null
  /** JSON, as it was when the step was reached; null where it has none. */
  input: string | null
  plan: string | null
  /** JSON of the action's receipt. */
  receipt: string | null
  /** JSON: which variables got which values. */
  output: string | null
  code: string | null
  message: string | null
  /** Who approved, answered or did it. */
  person: string | null
  undo_state: 'started' | 'done' | 'failed' | null
  undo_receipt: string | null
  created: number
  started: number | null
  ended: number | null
}

/** What runs acted upon, for the limits. */
export interface EffectsTable {
  id: string
  scope: string
  run_id: string
  playbook_uid: string
  kind: string
  name: string
  at: number
}

/** One row a scope. */
export interface GuardsTable {
  uid: string
  scope: string
  /** Nothing is begun while it is set. */
  halted: 0 | 1
  halted_by: string | null
  halted_at: number | null
  /** JSON: what is never acted upon, and how many an hour and a run. */
  settings: string
  updated: number
  by_name: string
}

export interface PlaybookTables {
  respond_playbooks: PlaybooksTable
  respond_playbook_versions: VersionsTable
  respond_runs: RunsTable
  respond_steps: StepsTable
  respond_effects: EffectsTable
  respond_guards: GuardsTable
}
