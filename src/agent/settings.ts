import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DEAD_MAN, integrityRuleSchema, kubernetesSchema, type PolicySettings, WIRE_KINDS } from '../hosts/schema.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'

/** What a person may set for one agent, in `agent.json` of its folder; what is left out has these defaults. */
const settingsSchema = z
  .object({
    /** How often processes and sockets are looked at, milliseconds. */
    pollMs: z.number().int().min(100).max(60_000).default(1_000),
    /** How often packages, accounts, modules and what is in use are compared, milliseconds. */
    inventoryMs: z.number().int().min(1_000).max(86_400_000).default(300_000),
    /** Largest spool on disk while the server is away, bytes. */
    spoolBytes: z.number().int().min(1_000_000).max(100_000_000_000).default(256_000_000),
    /** Follow the journal, where there is one. */
    journal: z.boolean().default(true),
    /** Files and folders watched for change; folders with all below them. */
    watch: z
      .array(z.string().startsWith('/'))
      .default(['/etc', '/usr/local/bin', '/usr/local/sbin', '/root/.ssh', '/var/spool/cron', '/boot']),
    /** Paths below those that change all the time and say nothing. */
    ignore: z.array(z.string().startsWith('/')).default(['/etc/mtab', '/etc/resolv.conf', '/etc/adjtime']),
    /** How often every watched file is read again, so that a change which the watch missed is found: milliseconds. */
    fullCheckMs: z.number().int().min(1_000).max(604_800_000).default(3_600_000),
    /** What is compared where, and what is frozen; a path that is not in `watch` is watched all the same. */
    integrity: z.array(integrityRuleSchema).default([]),
    /** The whole host is frozen: any change to a watched path is unverified until a person accepts it. */
    frozen: z.boolean().default(false),
    /** Where the audit system's records are read: its log, or a socket of its dispatcher (plugin af_unix). */
    auditLog: z.string().startsWith('/').default('/var/log/audit/audit.log'),
    auditSocket: z.string().startsWith('/').default('/run/audispd_events'),
    /** How long an isolation holds while the server cannot be reached, seconds, where its command does not say. */
    deadManSeconds: z.number().int().min(DEAD_MAN.least).max(DEAD_MAN.most).default(DEAD_MAN.usual),
    /** Keep the last traffic in a ring of files all the time, for captures (needs tcpdump). */
    packetRing: z.boolean().default(false),
    /** Look for what the server's rules describe here, too. */
    detect: z.boolean().default(true),
    /** Rules (ids, or `*`) that may stop what they find at once, where they say how and `respond.kinds` allows it. */
    stop: z.array(z.string()).default([]),
    /** Folders of web sites: a script that comes there is looked at. */
    webRoots: z.array(z.string().startsWith('/')).default(['/var/www', '/srv/www', '/usr/share/nginx/html']),
    /** Folders whose new and changed files are scanned by the server's YARA rules, besides `webRoots` and what is watched. */
    yaraFolders: z.array(z.string().startsWith('/')).default(['/tmp', '/var/tmp', '/dev/shm']),
    /** Folders with people's files: watched for encryption. */
    guard: z.array(z.string().startsWith('/')).default([]),
    /** Place files in each of those that nobody has a reason to touch. */
    canaries: z.boolean().default(false),
    /** Folders with logs, watched for files that are emptied or removed. */
    logs: z.array(z.string().startsWith('/')).default(['/var/log']),
    /** Folders in which packages of languages (npm, PyPI, jars) are looked for, in use or not; none: what is installed is not told. */
    software: z.array(z.string().startsWith('/')).default(['/']),
    /** How often, milliseconds. */
    softwareMs: z.number().int().min(1_000).max(604_800_000).default(43_200_000),
    /** The cluster whose objects this agent follows. */
    kubernetes: kubernetesSchema.optional(),
    /** The key that new versions of the agent are signed with (Ed25519, PEM or SPKI in base64); without it none is taken. */
    releaseKey: z.string().optional(),
    /** What the server may do on this host: only this file says so, never a policy. */
    respond: z
      .object({
        kinds: z.array(z.enum(WIRE_KINDS)).default([...WIRE_KINDS]),
        /** Programs that are not killed, by name. */
        neverKill: z.array(z.string()).default(['systemd', 'systemd-journald', 'dbus-daemon', 'sshd']),
        /** Accounts that are not disabled, besides root. */
        neverDisable: z.array(z.string()).default([]),
        /** Largest file that is quarantined or captured, bytes. */
        largestFile: z.number().int().min(0).max(10_000_000_000).default(200_000_000),
        /** Largest capture, and largest quarantine altogether, bytes. */
        largestStore: z.number().int().min(0).max(100_000_000_000).default(1_000_000_000),
      })
      .strict()
      .prefault({}),
  })
  .strict()

export type Settings = z.infer<typeof settingsSchema>

/**
 * What the server's policy sets, and before it what the host's own file does.
 * @throws KanpekiError `agent_settings` with the file and the field.
 */
export async function readSettings(folder: string, policy: PolicySettings = {}): Promise<Settings> {
  const file = join(folder, 'agent.json')
  let text = '{}'
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new KanpekiError('agent_settings', `Cannot read the settings: ${messageOf(error)}.`, { place: { file } })
  }
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    throw new KanpekiError('agent_settings', `The settings are no JSON: ${messageOf(error)}.`, { place: { file } })
  }
  const parsed = settingsSchema.safeParse(isObject(raw) ? { ...policy, ...raw } : raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new KanpekiError('agent_settings', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}.`, {
    place: { file },
    remedy: 'Correct or remove the field; what is left out has a default.',
  })
}

const isObject = (raw: unknown): raw is object => typeof raw === 'object' && raw !== null && !Array.isArray(raw)
