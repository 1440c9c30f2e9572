import { z } from 'zod'
import { AGENT_COMMAND_KINDS } from '../kernel/agent-command.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'

/** What goes over the wire to an agent: what people and playbooks may ask for, a question, a new version of itself, an accepted baseline. */
export const WIRE_KINDS = [...AGENT_COMMAND_KINDS, 'query', 'update', 'baseline'] as const
export type WireKind = (typeof WIRE_KINDS)[number]

const json: z.ZodType<JsonValue> = z.json()
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json)
const time = z.iso.datetime({ precision: 3 })

/** Absolute, and none of it can be taken for anything but a path. */
const pathSchema = z
  .string()
  .min(2)
  .max(4_096)
  .regex(/^\/[^\0]+$/)
const addressSchema = z.union([z.ipv4(), z.ipv6()])
const networkSchema = z.union([addressSchema, z.cidrv4(), z.cidrv6()])
/** What `useradd` takes, and nothing that a tool could read as an option. */
const accountSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}\$?$/)
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)

/** The dead-man's switch of an isolation, seconds: long enough for a restart of the server, never for ever. */
export const DEAD_MAN = { least: 3, most: 86_400, usual: 900 } as const

export const QUERY_TABLES = ['processes', 'sockets', 'packages', 'users', 'files', 'file'] as const
export type QueryTable = (typeof QUERY_TABLES)[number]

/** A read-only question to a host. `path` is a folder for `files`, a file for `file`. */
export const querySchema = z
  .object({
    table: z.enum(QUERY_TABLES),
    path: pathSchema.optional(),
    /** Rows where any column contains it, whatever its case. */
    match: z.string().max(200).optional(),
    limit: z.number().int().min(1).max(2_000).default(200),
  })
  .strict()
  .refine(({ table, path }) => (table === 'files' || table === 'file') === (path !== undefined), {
    error: 'A path belongs to files and file, and they need one.',
    path: ['path'],
  })
export type Query = z.infer<typeof querySchema>

const versionSchema = z.string().regex(/^\d+(\.\d+){0,3}(-[\w.]{1,40})?$/)
/** Base64 of 64 bytes. */
const signatureSchema = z.string().regex(/^[A-Za-z0-9+/]{86}==$/)
const updateSchema = z.object({ sha256: sha256Schema, version: versionSchema, signature: signatureSchema }).strict()
const none = z.object({}).strict()

/** The parameters of each kind, as both sides check them. */
export const PARAMS = {
  kill: z
    .object({
      pid: z.number().int().min(1).max(4_194_304),
      started: z.number().int().min(0).optional(),
      name: z.string().min(1).max(255).optional(),
    })
    .strict(),
  quarantine: z.object({ path: pathSchema, sha256: sha256Schema.optional() }).strict(),
  restore: z.object({ item: z.uuid() }).strict(),
  isolate: z
    .object({
      allow: z.array(networkSchema).max(100).default([]),
      dns: z.boolean().optional(),
      deadManSeconds: z.number().int().min(DEAD_MAN.least).max(DEAD_MAN.most).optional(),
    })
    .strict(),
  release: none,
  'block-address': z.object({ address: addressSchema }).strict(),
  'unblock-address': z.object({ address: addressSchema }).strict(),
  'disable-account': z.object({ account: accountSchema }).strict(),
  'enable-account': z
    .object({
      account: accountSchema,
      expiry: z
        .string()
        .regex(/^-?\d{0,9}$/)
        .optional(),
    })
    .strict(),
  collect: z
    .object({
      paths: z.array(pathSchema).max(100).default([]),
      processes: z.boolean().default(true),
      packetSeconds: z.number().int().min(0).max(300).optional(),
      beforeSeconds: z.number().int().min(0).max(3_600).optional(),
      afterSeconds: z.number().int().min(0).max(600).optional(),
    })
    .strict(),
  query: querySchema,
  update: updateSchema,
  baseline: z.object({ state: sha256Schema }).strict(),
} as const satisfies Readonly<Record<WireKind, z.ZodType>>

export type ParamsOf<K extends WireKind> = z.infer<(typeof PARAMS)[K]>

/** What is signed: bound to one agent, one id, one key, and a time after which it is void (milliseconds UTC, of the server). */
export const commandTextSchema = z.object({
  v: z.literal(1),
  id: z.uuid(),
  agent: z.uuid(),
  kind: z.enum(WIRE_KINDS),
  params: jsonObject,
  key: z.string(),
  issued: z.number().int(),
  expires: z.number().int(),
})
export type CommandText = z.infer<typeof commandTextSchema>

/** What is compared of a watched path besides that it is there. */
export const INTEGRITY_CHECKS = ['content', 'metadata', 'owner', 'xattr', 'acl'] as const
export type IntegrityCheck = (typeof INTEGRITY_CHECKS)[number]

/** What holds for a path and all below it; where several do, the longest path. */
export const integrityRuleSchema = z
  .object({
    path: pathSchema,
    check: z.array(z.enum(INTEGRITY_CHECKS)).default([...INTEGRITY_CHECKS]),
    /** Nothing may change there: any change is unverified until a person accepts it. */
    frozen: z.boolean().optional(),
  })
  .strict()
export type IntegrityRule = z.infer<typeof integrityRuleSchema>

/** Where an agent finds the cluster that it follows: by a kubeconfig of its host, or as the service account of its pod. */
export const kubernetesSchema = z
  .object({
    kubeconfig: pathSchema.optional(),
    context: z.string().min(1).max(253).optional(),
    /** What events call it. */
    cluster: z.string().min(1).max(253).optional(),
  })
  .strict()

/** What the server may set for agents by label; the host's own `agent.json` has the last word. */
export const policySettingsSchema = z
  .object({
    pollMs: z.number().int().min(100).max(60_000).optional(),
    inventoryMs: z.number().int().min(1_000).max(86_400_000).optional(),
    journal: z.boolean().optional(),
    watch: z.array(pathSchema).max(200).optional(),
    ignore: z.array(pathSchema).max(200).optional(),
    fullCheckMs: z.number().int().min(1_000).max(604_800_000).optional(),
    /** What is compared where; a path that is not watched yet becomes so. */
    integrity: z.array(integrityRuleSchema).max(200).optional(),
    /** The whole host is frozen. */
    frozen: z.boolean().optional(),
    deadManSeconds: z.number().int().min(DEAD_MAN.least).max(DEAD_MAN.most).optional(),
    packetRing: z.boolean().optional(),
    /** Look for what the server's rules describe on the host itself, too. */
    detect: z.boolean().optional(),
    /** Rules (their ids, or `*` for all) that may stop what they find at once, where they say how. None by default. */
    stop: z.array(z.string().min(1).max(200)).max(1_000).optional(),
    /** Folders of web sites: a script that comes there is looked at. */
    webRoots: z.array(pathSchema).max(100).optional(),
    /** Folders whose new and changed files are scanned by YARA. */
    yaraFolders: z.array(pathSchema).max(100).optional(),
    /** Folders with people's files: watched for encryption. */
    guard: z.array(pathSchema).max(100).optional(),
    /** Place files in each of those that nobody has a reason to touch. */
    canaries: z.boolean().optional(),
    /** Folders with logs, watched for files that are emptied or removed. */
    logs: z.array(pathSchema).max(100).optional(),
    /** Folders (`/` for all) in which packages of languages are looked for; none: what is installed is not told. */
    software: z.array(z.string().startsWith('/').max(4_096)).max(100).optional(),
    softwareMs: z.number().int().min(1_000).max(604_800_000).optional(),
    /** Follow the objects of this cluster. One agent of a cluster is enough. */
    kubernetes: kubernetesSchema.optional(),
  })
  .strict()
export type PolicySettings = z.infer<typeof policySettingsSchema>

export const policyTextSchema = z.object({
  v: z.literal(1),
  agent: z.uuid(),
  policy: z.string(),
  settings: policySettingsSchema,
  /** What the detect room made for agents; its signature vouches for it. */
  rules: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)).optional(),
})

export const signedSchema = z.object({ text: z.string(), signature: z.string() })
export type Signed = z.infer<typeof signedSchema>
/** What a key for commands signs of the one that follows it, both SPKI in base64. */
export const successionTextSchema = z.object({ v: z.literal(1), from: z.string().max(200), to: z.string().max(200) })
export const rotatedKeySchema = z.object({ from: z.string(), to: z.string() })

const isolationSchema = z.object({ since: z.number().int(), deadManSeconds: z.number().int() })

/** What an agent says of itself each time it asks for commands. */
export const agentStatusSchema = z.object({
  version: z.string().max(100),
  host: z.string().max(255),
  /** The kinds that the host's own settings allow. */
  kinds: z.array(z.string().max(50)).max(50),
  isolated: isolationSchema.nullable(),
  blocked: z.number().int().min(0),
  /** Hash of the policy in force; null for none. */
  policy: z.string().max(100).nullable(),
  /** What of that policy this version of the agent does not know, and leaves out; older ones do not say. */
  unknown: z.array(z.string().max(200)).max(50).optional(),
})
export type AgentStatus = z.infer<typeof agentStatusSchema>

export const pollSchema = z.object({
  status: agentStatusSchema,
  /** How long the server may keep the request open while there is nothing, seconds. */
  wait: z.number().min(0).max(25),
  /** Commands that it is at work on: they are not given again. */
  busy: z.array(z.uuid()).max(100).default([]),
})
export const pollReplySchema = z.object({
  /** The server's clock, by which commands expire: a host's own may be wrong. */
  now: z.number().int(),
  /** The key that commands are signed with, SPKI in base64: taken at the first contact, and later where the known one names it. */
  key: z.string(),
  successions: z.array(signedSchema).max(100).optional(),
  commands: z.array(signedSchema),
  /** A policy that is not the one in force there. */
  policy: signedSchema.nullable(),
})

export type PollReply = z.infer<typeof pollReplySchema>

export const receiptSchema = z.object({
  outcome: z.enum(['done', 'already']),
  detail: jsonObject,
  undo: jsonObject.optional(),
})
export const receiptMessageSchema = z.object({
  id: z.uuid(),
  result: z.union([
    z.object({ receipt: receiptSchema }),
    z.object({ failed: z.object({ code: z.string().max(100), message: z.string().max(2_000) }) }),
  ]),
})
export type ReceiptMessage = z.infer<typeof receiptMessageSchema>

/** A path that differs from the baseline. */
export const driftSchema = z.object({
  path: z.string().max(5_000),
  kind: z.enum(['creation', 'change', 'deletion']),
  /** What differs: content, mode, owner, acl … */
  changed: z.array(z.string().max(20)).max(20),
  first: z.number().int(),
  last: z.number().int(),
  frozen: z.boolean(),
  /** The package manager brought it, and the path is not frozen. */
  verified: z.boolean(),
  /** `process`, `user` and `package`, where the host knows. */
  by: jsonObject,
  sha256: z.object({ before: z.string().max(64).optional(), now: z.string().max(64).optional() }),
})
export type Drift = z.infer<typeof driftSchema>

/** How many changes a report lists, the latest first; it counts all. */
export const MOST_DRIFT = 1_000

/** How the watched files of a host stand against their baseline. */
export const integrityReportSchema = z.object({
  /** Names the baseline with all that drifted: what a person accepts is this, and nothing that came after. */
  state: sha256Schema,
  /** The accepted baseline; null where none is, or where it is not the one that was accepted any more. */
  baseline: z.object({ command: z.uuid(), digest: sha256Schema, at: z.number().int() }).nullable(),
  /** The kept baseline was changed on the host. */
  broken: z.boolean(),
  paths: z.number().int().min(0),
  frozen: z.boolean(),
  changed: z.number().int().min(0),
  unverified: z.number().int().min(0),
  changes: z.array(driftSchema).max(MOST_DRIFT),
  /** When everything was read last, and how many changes such reads found that the watch had not told. */
  checked: z.number().int().nullable(),
  missed: z.number().int().min(0),
})
export type IntegrityReport = z.infer<typeof integrityReportSchema>

export const integrityViewSchema = z.object({
  agent: z.uuid(),
  name: z.string(),
  /** When the host last said so; it does every minute. Older than a quarter of an hour it proves nothing. */
  at: time,
  stale: z.boolean(),
  /** Who accepted the baseline, when and why. */
  accepted: z.object({ by: z.string(), at: time, reason: z.string().nullable(), digest: z.string() }).nullable(),
  report: integrityReportSchema,
})
export type IntegrityView = z.infer<typeof integrityViewSchema>

export const acceptBaselineSchema = z.object({
  /** `report.state` as the person saw it. */
  state: sha256Schema,
  reason: z.string().trim().min(1).max(500),
})

export const COMMAND_STATES = ['waiting', 'given', 'done', 'failed', 'expired', 'withdrawn'] as const
export type CommandState = (typeof COMMAND_STATES)[number]

export const commandViewSchema = z.object({
  id: z.uuid(),
  agent: z.uuid(),
  kind: z.enum(WIRE_KINDS),
  params: jsonObject,
  key: z.string(),
  by: z.string(),
  reason: z.string().nullable(),
  state: z.enum(COMMAND_STATES),
  created: time,
  /** When the agent took it, and when it answered. */
  given: time.nullable(),
  answered: time.nullable(),
  expires: time,
  receipt: receiptSchema.nullable(),
  failed: z.string().nullable(),
})
export type CommandView = z.infer<typeof commandViewSchema>

export const newCommandSchema = z.object({
  kind: z.enum(AGENT_COMMAND_KINDS),
  params: jsonObject.default({}),
  /** The same key is the same command: a second request answers with the first one's. */
  key: z.string().min(1).max(200).optional(),
  reason: z.string().trim().min(1).max(500).optional(),
  /** How long to wait for the receipt, seconds. */
  wait: z.number().min(0).max(25).default(0),
})
export const planRequestSchema = newCommandSchema.pick({ kind: true, params: true })
export const planViewSchema = z.object({
  agent: z.uuid(),
  host: z.string(),
  seen: time.nullable(),
  summary: z.object({ en: z.string(), ja: z.string() }),
  reversible: z.boolean(),
})
export type PlanView = z.infer<typeof planViewSchema>

/** What an agent may do by itself where a rule and its policy say so. */
export const STOP_KINDS = ['kill', 'quarantine'] as const

/** What an agent did by itself, told as soon as the server is there. */
export const deedSchema = z.object({
  id: z.uuid(),
  /** The same for the same process or file: it is stopped once, whatever number of rules ask for it. */
  key: z.string().min(1).max(200),
  kind: z.enum(STOP_KINDS),
  params: jsonObject,
  rule: z.object({ id: z.string().max(200), version: z.string().max(100), title: z.string().max(500) }),
  /** The event that the rule matched. */
  event: z.string().max(200),
  /** By the host's clock, milliseconds UTC: found, and done with. */
  found: z.number().int(),
  done: z.number().int(),
  result: receiptMessageSchema.shape.result,
})
export type Deed = z.infer<typeof deedSchema>

export const hostStatusSchema = z.object({
  agent: z.uuid(),
  name: z.string(),
  at: time.nullable(),
  status: agentStatusSchema.nullable(),
  /** Labels of the asset of this name, which decide the policy. */
  labels: z.array(z.string()),
})
export type HostStatus = z.infer<typeof hostStatusSchema>

export const policySchema = z.object({
  label: z.string(),
  settings: policySettingsSchema,
  by: z.string(),
  changed: time,
})
/** A rule that says how what it finds is stopped. */
export const stoppingRuleSchema = z.object({
  id: z.string(),
  title: z.string(),
  titleJa: z.string(),
  level: z.string(),
  stop: z.enum(STOP_KINDS),
})
export type StoppingRule = z.infer<typeof stoppingRuleSchema>

/** Why, for the ledger. */
export const policyReasonSchema = z.object({ reason: z.string().trim().min(1).max(500).optional() })
export const planPolicySchema = z.object({
  /** Null: the policy is taken back. */
  settings: policySettingsSchema.nullable(),
})
export const policyPlanSchema = z.object({
  /** Hosts on which something would change, and what, as their policies together say it. */
  hosts: z.array(
    z.object({
      agent: z.uuid(),
      name: z.string(),
      changes: z.array(z.object({ setting: z.string(), before: json, after: json })),
    }),
  ),
  /** How many hosts there are. */
  all: z.number().int().min(0),
  /** Rules that this policy would let stop what they find. */
  stops: z.array(stoppingRuleSchema),
  /** What it names and no rule for hosts is, or says how to stop. */
  unknownRules: z.array(z.string()),
})
export type PolicyPlan = z.infer<typeof policyPlanSchema>

/** `*` is for every agent; what a label of its host's asset (`env=production`) sets goes before it. */
export const policyParamsSchema = z.object({
  label: z
    .string()
    .max(200)
    .regex(/^(\*|[^=\s]+=[^\p{Cc}]+)$/u),
})

export const agentParamsSchema = z.object({ id: z.uuid() })
export const shaParamsSchema = z.object({ sha256: sha256Schema })

export const newReleaseSchema = z.object({ version: versionSchema, signature: signatureSchema })
export const releaseSchema = z.object({
  sha256: z.string(),
  version: z.string(),
  bytes: z.number(),
  by: z.string(),
  created: time,
})

/** What the manifest of a capture says. */
export const captureSchema = z.object({
  command: z.string(),
  began: z.string(),
  ended: z.string(),
  entries: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string(), path: z.string().optional() })),
  problems: z.array(z.object({ what: z.string(), why: z.string() })),
})
export type Capture = z.infer<typeof captureSchema>

export const captureEntrySchema = z.object({
  name: z.string(),
  bytes: z.number(),
  /** There is more than what is here. */
  cut: z.boolean(),
  text: z.string().optional(),
  hex: z.string().optional(),
})
