import { z } from 'zod'
import { REPEATS } from '../../../kernel/action.ts'
import { LEVELS, TACTICS } from '../../../kernel/detection.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { isZone } from '../../../kernel/zone.ts'
import { limitSchema, VARIABLE_NAME } from '../schema.ts'

/** Our extension of CACAO 2.0 (§ 8, extension definitions): the same id in every playbook. */
export const EXTENSION = 'extension-definition--5f0d3a92-6c1b-4e8e-9a57-2f4b8c7d1e60'
export const EXTENSION_KEY = 'x-kanpeki'

const json: z.ZodType<JsonValue> = z.json()
const short = z.string().max(300)
const text = z.string().max(20_000)

/** A CACAO identifier (`action--UUID`), or the short name that an author gave instead. */
const stepId = z
  .string()
  .max(120)
  .regex(/^[a-z][a-z0-9-]*$/, { error: 'An id is a CACAO identifier, or a short name of a-z, 0-9 and hyphens.' })

const VARIABLE_TYPES = [
  'bool',
  'dictionary',
  'float',
  'hexstring',
  'integer',
  'ipv4-addr',
  'ipv6-addr',
  'iri',
  'list',
  'long',
  'mac-addr',
  'hash',
  'md5-hash',
  'sha256-hash',
  'string',
  'uri',
  'uuid',
] as const

const variableName = z.string().regex(VARIABLE_NAME, { error: 'A variable is written __name__.' })

const variable = z.strictObject({
  type: z.enum(VARIABLE_TYPES),
  description: text.optional(),
  value: z.string().max(10_000).nullable().optional(),
  constant: z.boolean().default(false),
  external: z.boolean().default(false),
})
export type Variable = z.infer<typeof variable>

const variables = z.record(variableName, variable)

const headers = z.record(z.string().max(200), z.array(z.string().max(4000)).max(20))
const commandMeta = {
  description: text.optional(),
  version: short.optional(),
  playbook_activity: short.optional(),
  external_references: z.array(json).optional(),
}
const plain = { command: text.optional(), command_b64: text.optional() }

/** CACAO 2.0 § 5; of the other commands that it names (caldera-cmd, elastic, jupyter, kestrel, powershell) none runs here. */
const command = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('manual'), ...plain, ...commandMeta }),
  z.strictObject({ type: z.literal('bash'), ...plain, ...commandMeta }),
  z.strictObject({ type: z.literal('ssh'), ...plain, ...commandMeta }),
  z.strictObject({
    type: z.literal('http-api'),
    command: text,
    headers: headers.optional(),
    content: text.optional(),
    content_b64: text.optional(),
    ...commandMeta,
  }),
  z.strictObject({
    type: z.literal('openc2-http'),
    command: text,
    headers: headers.optional(),
    content_b64: text,
    ...commandMeta,
  }),
  z.strictObject({ type: z.literal('sigma'), command_b64: text, ...commandMeta }),
  z.strictObject({ type: z.literal('yara'), command_b64: text, ...commandMeta }),
])
export type Command = z.infer<typeof command>

const stepExtension = z.strictObject({
  /** The step's name in Japanese. */
  ja: short.optional(),
  /** The short name that it has in the author's text. */
  key: short.optional(),
  action: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .optional(),
  input: z.record(z.string(), json).optional(),
  /** Which part of the receipt goes into which variable. */
  out: z.record(variableName, short).optional(),
  approval: z.enum(['required', 'none']).optional(),
  /** Tries after the first (0), and the seconds before the first of them (5), doubled for each. */
  retries: z.int().min(0).max(20).optional(),
  backoff: z.int().min(1).max(3600).optional(),
  /** For `http-api`, `openc2-http` and `ssh`: what the other side does with the same twice. */
  repeats: z.enum(REPEATS).optional(),
})
export type StepExtension = z.infer<typeof stepExtension>

const meta = {
  name: short.optional(),
  description: text.optional(),
  external_references: z.array(json).optional(),
  /** Milliseconds. */
  delay: z.int().min(1).max(2_592_000_000).optional(),
  timeout: z.int().min(1).max(2_592_000_000).optional(),
  step_variables: variables.optional(),
  owner: short.optional(),
  on_completion: stepId.optional(),
  on_success: stepId.optional(),
  on_failure: stepId.optional(),
  step_extensions: z.record(z.string(), json).optional(),
  [EXTENSION_KEY]: stepExtension.optional(),
}
const args = { in_args: z.array(variableName).min(1).optional(), out_args: z.array(variableName).min(1).optional() }

const step = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), ...meta }),
  z.strictObject({ type: z.literal('end'), ...meta }),
  z.strictObject({
    type: z.literal('action'),
    commands: z.array(command).min(1).max(20).optional(),
    agent: short.optional(),
    targets: z.array(short).min(1).optional(),
    ...args,
    ...meta,
  }),
  z.strictObject({
    type: z.literal('playbook-action'),
    playbook_id: stepId,
    playbook_version: short.optional(),
    ...args,
    ...meta,
  }),
  z.strictObject({ type: z.literal('parallel'), next_steps: z.array(stepId).min(2).max(50), ...meta }),
  z.strictObject({ type: z.literal('if-condition'), condition: text, on_true: stepId, on_false: stepId.optional(), ...meta }),
  z.strictObject({ type: z.literal('while-condition'), condition: text, on_true: stepId, ...meta }),
  z.strictObject({
    type: z.literal('switch-condition'),
    switch: text,
    cases: z.record(z.string().max(250), stepId),
    ...meta,
  }),
])
export type Step = z.infer<typeof step>
export type ActionStep = Extract<Step, { type: 'action' }>
export type PlaybookStep = Extract<Step, { type: 'playbook-action' }>

export const trigger = z.strictObject({
  rules: z.array(short).min(1).max(200).optional(),
  /** `T1110` stands for its sub-techniques too. */
  techniques: z
    .array(z.string().regex(/^T\d{4}(\.\d{3})?$/))
    .min(1)
    .max(200)
    .optional(),
  tactics: z.array(z.enum(TACTICS)).min(1).optional(),
  /** As grave as this or graver; 1 is the gravest. */
  severity: z.int().min(1).max(LEVELS.length).optional(),
  /** Also alerts that a search through stored events raised (new indicators): what they tell of may be over. */
  past: z.boolean().optional(),
  entity: z
    .array(z.enum(['host', 'user', 'address', 'other']))
    .min(1)
    .optional(),
})
export type Trigger = z.infer<typeof trigger>

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'A time of day is written 09:30.' })
export const hoursSchema = z.strictObject({
  zone: z.string().refine(isZone, { error: 'A time zone by its IANA name, such as Asia/Tokyo.' }),
  days: z.array(z.enum(DAYS)).min(1),
  from: clock,
  to: clock,
  outside: z.enum(['wait', 'approval']).default('wait'),
})
export type Hours = z.infer<typeof hoursSchema>

const playbookTest = z.strictObject({
  name: short,
  variables: z.record(variableName, z.string().max(10_000)).default({}),
  /** By step: `failure`, or what its receipt says. Others succeed. */
  outcomes: z.record(stepId, z.union([z.literal('failure'), z.record(z.string(), json)])).default({}),
  /** The steps that are gone through, in order; those of parallel branches in the order of `next_steps`. */
  expect: z.array(stepId).min(1).max(1000),
  result: z.enum(['done', 'failed']).default('done'),
})
export type PlaybookTest = z.infer<typeof playbookTest>

const playbookExtension = z.strictObject({
  ja: z.strictObject({ name: short, description: text.optional() }).optional(),
  triggers: z.array(trigger).max(50).default([]),
  inputs: z.record(variableName, short).default({}),
  limits: z.strictObject({ run: limitSchema.default({}), hour: limitSchema.default({}) }).default({ run: {}, hour: {} }),
  approval: z.enum(['every', 'risky', 'none']).default('risky'),
  hours: hoursSchema.optional(),
  /** Seconds after the run's end. */
  undo_after: z.int().min(1).max(31_536_000).optional(),
  /** How many steps a run may go through, loops included. */
  max_steps: z.int().min(1).max(10_000).default(300),
  /** The short name that it has in the author's text. */
  key: short.optional(),
})
export type PlaybookExtension = z.infer<typeof playbookExtension>

/** CACAO 2.0 § 3, with what authors may write shorter. What does not bear on the running is kept and given out again. */
export const playbookForm = z.strictObject({
  type: z.literal('playbook').default('playbook'),
  spec_version: z.literal('cacao-2.0').default('cacao-2.0'),
  id: stepId,
  name: z.string().min(1).max(300),
  description: text.optional(),
  playbook_types: z.array(short).optional(),
  playbook_activities: z.array(short).optional(),
  playbook_processing_summary: json.optional(),
  created_by: short.optional(),
  created: z.iso.datetime({ precision: 3 }).optional(),
  modified: z.iso.datetime({ precision: 3 }).optional(),
  revoked: z.boolean().optional(),
  valid_from: z.iso.datetime({ precision: 3 }).optional(),
  valid_until: z.iso.datetime({ precision: 3 }).optional(),
  derived_from: z.array(short).optional(),
  related_to: z.array(short).optional(),
  priority: z.int().min(0).max(100).optional(),
  severity: z.int().min(0).max(100).optional(),
  impact: z.int().min(0).max(100).optional(),
  industry_sectors: z.array(short).optional(),
  labels: z.array(short).optional(),
  external_references: z.array(json).optional(),
  markings: z.array(short).optional(),
  playbook_variables: variables.default({}),
  workflow_start: stepId,
  workflow_exception: stepId.optional(),
  workflow: z.record(stepId, step),
  playbook_extensions: z.record(z.string(), json).optional(),
  authentication_info_definitions: z.record(z.string(), json).optional(),
  agent_definitions: z.record(z.string(), json).optional(),
  target_definitions: z.record(z.string(), json).optional(),
  extension_definitions: z.record(z.string(), json).optional(),
  data_marking_definitions: z.record(z.string(), json).optional(),
  signatures: z.array(json).optional(),
  [EXTENSION_KEY]: playbookExtension.prefault({}),
  tests: z.array(playbookTest).max(200).default([]),
})
/** A playbook as it is run; its ids are those of the author's text. */
export type Playbook = z.infer<typeof playbookForm>
