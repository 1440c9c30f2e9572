import { z } from 'zod'
import { TACTICS } from '../../kernel/detection.ts'

const bilingual = z.object({ en: z.string().min(1), ja: z.string().min(1) })

export const PLATFORMS = ['linux', 'windows', 'web', 'dns', 'network', 'aws', 'azure', 'gcp', 'kubernetes'] as const

/** Wire formats that a scenario may begin in; `wires.ts` says how each is called and where it is described. */
export const WIRE_IDS = [
  'winlogbeat-json',
  'windows-xml',
  'sysmon-linux',
  'auditd',
  'syslog',
  'nginx-access',
  'bind-query',
  'dnsmasq',
  'zeek-json',
  'cloudtrail',
  'azure',
  'gcp-audit',
  'kubernetes-audit',
  'ecs-json',
] as const
export type WireId = (typeof WIRE_IDS)[number]

const step = z.strictObject({
  wire: z.enum(WIRE_IDS),
  /** The record as its source writes it; `<<name>>` stands for what differs from run to run. */
  raw: z.string().min(1),
  /** Seconds after the beginning. */
  after: z.number().min(0).max(86_400).default(0),
  repeat: z.int().min(1).max(5_000).default(1),
  /** Seconds between two of them. */
  every: z.number().min(0).max(3_600).default(1),
})
export type Step = z.infer<typeof step>

/** One file of `content/scenarios`: an attack in its source's own bytes, and what looks like it and is none. */
export const scenarioFile = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  title: bilingual,
  platform: z.enum(PLATFORMS),
  /** What the alert of these rules proves. */
  techniques: z.array(z.string().regex(/^T\d{4}(\.\d{3})?$/)).min(1),
  /** Rules that must alert: a file below `detections/` without its ending, or a rule's id. */
  rules: z.array(z.string().min(1)).min(1),
  attack: z.array(step).min(1),
  nearMisses: z.array(z.strictObject({ title: bilingual, send: z.array(step).min(1) })).min(1),
})
export type ScenarioFile = z.infer<typeof scenarioFile>

const instant = z.iso.datetime({ precision: 3 })

/** `unknown` is missing evidence, never a pass: it was not executed to its end, or a rule that it needs is not loaded. */
export const RESULTS = ['passed', 'failed', 'unknown'] as const
export type Result = (typeof RESULTS)[number]

export const scenarioAlert = z.object({
  rule: z.string(),
  version: z.string(),
  title: z.string(),
  titleJa: z.string(),
  alert: z.string(),
})
export type ScenarioAlert = z.infer<typeof scenarioAlert>

/** What one execution of one scenario gave. */
export const scenarioRun = z.object({
  run: z.string(),
  scenario: z.string(),
  at: instant,
  result: z.enum(RESULTS),
  techniques: z.array(z.string()),
  /** SHA-256 of the scenario's file. */
  sha256: z.string(),
  records: z.int(),
  /** The wanted rules as they were loaded; `version` is the hash of a rule's text. */
  rules: z.array(z.object({ rule: z.string(), version: z.string() })),
  /** Alerts of the wanted rules on the attack. */
  alerts: z.array(scenarioAlert),
  /** Wanted rules that stayed silent, and those that are not loaded. */
  silent: z.array(z.string()),
  notLoaded: z.array(z.string()),
  /** Near misses on which a wanted rule spoke: their number, from 0, and the rule. */
  loud: z.array(z.object({ nearMiss: z.int(), rule: z.string() })),
  /** Why nothing is known, where it was not executed to its end. */
  reason: z.string().nullable(),
})
export type ScenarioRun = z.infer<typeof scenarioRun>

/** `stale`: it passed, but the rule or the scenario is another one since. `never`: not executed yet. */
export const PROOF_STATES = ['passed', 'failed', 'unknown', 'stale', 'never'] as const
export type ProofState = (typeof PROOF_STATES)[number]

export const scenarioRow = z.object({
  id: z.string(),
  title: bilingual,
  platform: z.enum(PLATFORMS),
  techniques: z.array(z.string()),
  tactics: z.array(z.enum(TACTICS)),
  /** Ids of the loaded ones. */
  rules: z.array(z.string()),
  wires: z.array(z.object({ id: z.enum(WIRE_IDS), name: bilingual, reference: z.string() })),
  nearMisses: z.array(bilingual),
  state: z.enum(PROOF_STATES),
  last: scenarioRun.nullable(),
  /** Where the last execution stands in the ledger; null until the outbox has been drained. */
  ledgerIndex: z.int().nullable(),
})
export type ScenarioRow = z.infer<typeof scenarioRow>

export const scenariosResponse = z.object({
  scenarios: z.array(scenarioRow),
  /** Files that are no scenario, by file and reason. */
  refused: z.array(z.object({ file: z.string(), reason: z.string() })),
  /** When all were executed last, and when they will be next; null where that is switched off. */
  lastRun: instant.nullable(),
  nextRun: instant.nullable(),
})
export type ScenariosResponse = z.infer<typeof scenariosResponse>

export const scenarioDetail = scenarioRow.extend({
  /** The file as written. */
  text: z.string(),
  /** Newest first, at most 30. */
  runs: z.array(scenarioRun),
})
export type ScenarioDetail = z.infer<typeof scenarioDetail>

export const selftestBody = z.object({
  /** All where absent. */
  scenarios: z.array(z.string().max(200)).max(1_000).optional(),
})

export const selftestReport = z.object({
  run: z.string(),
  at: instant,
  seconds: z.number(),
  totals: z.object({ scenarios: z.int(), passed: z.int(), failed: z.int(), unknown: z.int(), techniques: z.int() }),
  results: z.array(scenarioRun),
})
export type SelftestReport = z.infer<typeof selftestReport>
