import { z } from 'zod'
import { TARGET_KINDS } from '../../kernel/action.ts'
import type { JsonValue } from '../../kernel/json.ts'

export const RUN_STATES = ['waiting', 'done', 'failed', 'stopped', 'undoing', 'undone'] as const
export type RunState = (typeof RUN_STATES)[number]

export const STEP_STATES = [
  'delayed',
  'planned',
  'approval',
  'approved',
  'hours',
  'person',
  'ready',
  'started',
  'retry',
  'unsure',
  'done',
  'failed',
  'refused',
] as const
export type StepState = (typeof STEP_STATES)[number]

export const VARIABLE_NAME = /^__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__$/

export const limitSchema = z.partialRecord(z.enum(TARGET_KINDS), z.int().min(0).max(100_000))
export type Limit = z.infer<typeof limitSchema>

const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'An address or a network, such as 192.0.2.0/24.',
})
const names = z.array(z.string().trim().min(1).max(300)).max(2000)

/** What no playbook of a scope ever acts upon, and on how many it may act. `*` in a name stands for any characters. */
export const guardSettings = z.strictObject({
  never: z.strictObject({ networks: z.array(network).max(2000), hosts: names, accounts: names }),
  limits: z.strictObject({ run: limitSchema, hour: limitSchema }),
})
export type GuardSettings = z.infer<typeof guardSettings>

const instant = z.iso.datetime({ precision: 3 })
const json: z.ZodType<JsonValue> = z.json()
const id = z
  .string()
  .max(120)
  .regex(/^[a-z][a-z0-9-]*$/)
const hex = z.string().regex(/^[0-9a-f]{32}$/)
const mode = z.enum(['plan', 'real'])

export const problem = z.object({
  code: z.string(),
  field: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
  remedy: z.string(),
})

const text = z.object({ en: z.string(), ja: z.string() })

/** A step as the graph draws it. */
export const graphStep = z.object({
  id: z.string(),
  type: z.string(),
  name: text,
  /** Action, kind of command or playbook that it calls; empty for the others. */
  work: z.string(),
  ways: z.array(z.object({ kind: z.string(), to: z.string() })),
})
export type GraphStep = z.infer<typeof graphStep>

export const playbookGraph = z.object({ start: z.string(), steps: z.array(graphStep) })
export type PlaybookGraph = z.infer<typeof playbookGraph>

export const testResult = z.object({
  name: z.string(),
  passed: z.boolean(),
  expected: z.array(z.string()),
  went: z.array(z.string()),
  reason: z.string().nullable(),
})

export const checkBody = z.strictObject({ source: z.string().max(100_000) })
export const checked = z.object({
  valid: z.boolean(),
  problems: z.array(problem),
  id: z.string().nullable(),
  graph: playbookGraph.nullable(),
  tests: z.array(testResult),
})
export type Checked = z.infer<typeof checked>

export const versionView = z.object({
  version: z.int(),
  state: z.enum(['waiting', 'approved', 'refused']),
  digest: z.string(),
  file: z.string(),
  note: z.string(),
  author: z.string(),
  createdAt: instant,
  decidedBy: z.string().nullable(),
  decidedAt: instant.nullable(),
  /** Whether whoever asks may decide about it. */
  mayDecide: z.boolean(),
})

export const playbookSummary = z.object({
  id,
  name: text,
  enabled: z.boolean(),
  mode,
  /** The version that runs, and the newest. */
  version: z.int(),
  latest: z.int(),
  approved: z.boolean(),
  /** The newest waits for a second person. */
  waiting: z.boolean(),
  triggered: z.boolean(),
  runs: z.partialRecord(z.enum(RUN_STATES), z.int()),
  lastRunAt: instant.nullable(),
})
export type PlaybookSummary = z.infer<typeof playbookSummary>

export const haltView = z.object({ halted: z.boolean(), by: z.string().nullable(), since: instant.nullable() })
export const playbookList = z.object({ playbooks: z.array(playbookSummary), halt: haltView })

export const variableView = z.object({
  name: z.string(),
  type: z.string(),
  description: z.string(),
  external: z.boolean(),
  value: z.string().nullable(),
})

export const playbookView = playbookSummary.extend({
  description: text,
  source: z.string(),
  /** The version that `source` and `graph` are of. */
  shown: z.int(),
  graph: playbookGraph.nullable(),
  variables: z.array(variableView),
  triggers: z.array(json),
  tests: z.array(testResult),
  versions: z.array(versionView),
})
export type PlaybookView = z.infer<typeof playbookView>

const given = z.string().min(1).max(120)
export const playbookParams = z.object({ id: given })
export const versionParams = z.object({ id: given, version: z.coerce.number().int().min(1).max(1_000_000) })
export const playbookQuery = z.object({ version: z.coerce.number().int().min(1).optional() })
export const saveBody = z.strictObject({ source: z.string().min(1).max(100_000), note: z.string().max(2000).default('') })
export const settingsBody = z.strictObject({ enabled: z.boolean().optional(), mode: mode.optional() })
export const decideBody = z.strictObject({ decision: z.enum(['approve', 'refuse']), note: z.string().max(2000).default('') })
export const startBody = z.strictObject({
  variables: z.record(z.string().regex(VARIABLE_NAME), z.string().max(10_000)).default({}),
  /** The alert it is about; its facts fill what `variables` leaves out. */
  alert: z.string().max(200).optional(),
  incident: z.string().max(200).optional(),
})
export const answerBody = z.strictObject({
  /** `done` and `failed` for what a person was asked to do; `ran`, `not-run` and `failed` where it is not known whether a step ran. */
  answer: z.enum(['done', 'failed', 'ran', 'not-run']),
  note: z.string().max(2000).default(''),
  values: z.record(z.string().regex(VARIABLE_NAME), z.string().max(10_000)).default({}),
})
export const haltBody = z.strictObject({ halt: z.boolean(), reason: z.string().max(2000).default('') })

const target = z.object({ kind: z.enum(TARGET_KINDS), name: z.string() })
export const stepView = z.object({
  key: hex,
  path: z.string(),
  step: z.string(),
  name: text,
  work: z.string(),
  state: z.enum(STEP_STATES),
  tries: z.int(),
  nextAt: instant.nullable(),
  input: json.nullable(),
  plan: z.object({ summary: text, targets: z.array(target), reversible: z.boolean() }).nullable(),
  receipt: z.object({ outcome: z.string(), detail: json, problem: z.string().nullable() }).nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  person: z.string().nullable(),
  undo: z.enum(['started', 'done', 'failed']).nullable(),
  undoMessage: z.string().nullable(),
  reachedAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  mayDecide: z.boolean(),
})
export type StepView = z.infer<typeof stepView>

export const runSummary = z.object({
  id: hex,
  playbook: z.object({ id: z.string(), name: text, version: z.int() }),
  mode,
  simulated: z.boolean(),
  state: z.enum(RUN_STATES),
  /** What it waits for, where it waits. */
  waitsFor: z.enum(['turn', 'time', 'approval', 'person', 'halt']).nullable(),
  nextAt: instant.nullable(),
  alert: z.string().nullable(),
  incident: z.string().nullable(),
  human: z.boolean(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  by: z.string(),
  createdAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  undoAt: instant.nullable(),
})
export type RunSummary = z.infer<typeof runSummary>
export const runView = runSummary.extend({
  variables: z.record(z.string(), z.string()),
  steps: z.array(stepView),
  /** How many steps can be taken back. */
  undoable: z.int(),
  graph: playbookGraph.nullable(),
})
export type RunView = z.infer<typeof runView>

export const runParams = z.object({ id: given })
export const stepParams = z.object({ id: given, key: given })
export const runQuery = z.object({
  playbook: id.optional(),
  alert: z.string().max(200).optional(),
  incident: z.string().max(200).optional(),
  state: z.enum(RUN_STATES).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}\.[0-9a-f]{32}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export const runList = z.object({ runs: z.array(runSummary), next: z.string().nullable() })

export const inbox = z.object({
  versions: z.array(versionView.extend({ playbook: z.object({ id: z.string(), name: text }) })),
  steps: z.array(
    stepView.extend({
      run: hex,
      playbook: z.object({ id: z.string(), name: text, version: z.int() }),
      alert: z.string().nullable(),
      startedBy: z.string(),
    }),
  ),
})
export type Inbox = z.infer<typeof inbox>

export const guardsView = z.object({ settings: guardSettings, by: z.string().nullable(), updatedAt: instant.nullable() })
export const guardsBody = guardSettings
