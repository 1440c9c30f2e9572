import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { openYara } from '../detect/yara/scanner.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { type Supervisor, supervise } from '../protect/proxy/supervise.ts'
import { WafSettings } from '../protect/proxy/waf-settings.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { firstExclusions, followExclusions } from './waf-exclusions.ts'

const USAGE = `Usage: kanpeki waf --listen HOST:PORT --upstream URL --rules FILE|DIR|GLOB …

Puts SecLang rules (the OWASP Core Rule Set, your own) in front of a web application.

  --config FILE         all settings as YAML, read again with SIGHUP; options given beside it win
  --listen HOST:PORT    where clients connect; port 0 chooses one
  --upstream URL        the application; repeat it for several, which are taken in turn
  --rules PATH          rule files in the order given (a folder means its *.conf); repeatable
  --set tx.NAME=VALUE   a variable that every transaction begins with; repeatable
  --mode detect|block   say what would be stopped, or stop it (default: block)
  --shadow-rules PATH   a second rule set beside the first, which decides nothing; repeatable
  --shadow-set tx.NAME=VALUE   its variables
  --shadow-log FILE     its record, kept apart
  --audit-log FILE      one JSON line a transaction
  --events FILE         the same as events for the server: a file source there, or 'kanpeki send FILE'
  --deny-list FILE      client addresses that are kept out, one a line; read again when it changes
  --workers N           processes that serve (default: 1)
  --trust NETWORK       a proxy whose X-Forwarded-For is believed; repeatable
  --tls-cert FILE --tls-key FILE  serve TLS, with HTTP/2 (several certificates: --config)
  --on-engine-error open|closed   whether requests pass while rules fail (default: closed)
  --on-large-body refuse|partial  a body beyond the rules' limit is refused, or looked at in part (default: refuse)

SIGHUP reads rules again without a dropped connection; SIGUSR2 opens the logs again, after a rotation.
`

/** `kanpeki waf`: the WAF alone, as a reverse proxy. Resolves with the exit code when it was told to end. */
export function wafCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const values = optionsOf(args)
    if (values.help === true) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    return await run(() => settingsOf(values))
  })
}

async function run(settingsOf: () => WafSettings): Promise<number> {
  const say = (text: string) => process.stderr.write(`kanpeki: ${text}\n`)
  const { listen, upstreams, mode, workers, server, uploads } = settingsOf()
  if (server !== undefined) await firstExclusions(server, say)
  const yara = uploads === undefined ? undefined : await openYara(uploads.rules, { timeout: SCAN_TIME })
  for (const { file, line, reason } of yara?.refused ?? []) say(`refused ${file}:${line}: ${reason}`)
  const scan = yara === undefined ? undefined : async (data: Uint8Array) => (await yara.scan({ data })).map(({ rule }) => rule)
  const supervisor = await supervise(() => withExclusions(settingsOf()), say, scan)
  tellRules(supervisor, say)
  say(
    `waf listens on ${listen.host}:${supervisor.port} before ${upstreams.join(', ')} (${mode}, ${workers} worker${workers === 1 ? '' : 's'})`,
  )
  const following = server === undefined ? undefined : followExclusions(server, supervisor.reload, say)
  process.on('SIGHUP', () => {
    supervisor.reload().then(
      () => {
        say('rules were read again')
        tellRules(supervisor, say)
      },
      (error: unknown) => say(`the former rules stay: ${messageOf(error)}`),
    )
  })
  process.on('SIGUSR2', () => supervisor.reopenLogs())
  await new Promise<void>((told) => {
    process.once('SIGTERM', () => told())
    process.once('SIGINT', () => told())
  })
  following?.stop()
  await supervisor.end()
  await yara?.close()
  return EXIT.ok
}

/** Those of the server come before the rules, which read them in the order given. */
function withExclusions(settings: WafSettings): WafSettings {
  return settings.server === undefined ? settings : { ...settings, rules: [settings.server.keep, ...settings.rules] }
}

const MOST_NAMED = 20
/** Milliseconds that YARA may take for one upload. */
const SCAN_TIME = 5000

function tellRules(supervisor: Supervisor, say: (text: string) => void): void {
  const { loaded, refused } = supervisor.rules()
  for (const each of refused.slice(0, MOST_NAMED)) say(`refused ${each}`)
  say(`${loaded} rules${refused.length === 0 ? '' : `, ${refused.length} refused`}`)
}

type Values = NonNullable<ReturnType<typeof optionsOf>>

function optionsOf(args: readonly string[]) {
  const { values } = readOptions(
    {
      args: [...args],
      options: {
        config: { type: 'string' },
        listen: { type: 'string' },
        upstream: { type: 'string', multiple: true },
        rules: { type: 'string', multiple: true },
        set: { type: 'string', multiple: true },
        mode: { type: 'string' },
        'shadow-rules': { type: 'string', multiple: true },
        'shadow-set': { type: 'string', multiple: true },
        'shadow-log': { type: 'string' },
        'audit-log': { type: 'string' },
        events: { type: 'string' },
        'deny-list': { type: 'string' },
        workers: { type: 'string' },
        trust: { type: 'string', multiple: true },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'on-engine-error': { type: 'string' },
        'on-large-body': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    },
    USAGE,
  )
  return values
}

/** The settings as the file has them now, and the options over them. */
function settingsOf(values: Values): WafSettings {
  const shadowRules = values['shadow-rules']
  const certificate = values['tls-cert']
  const given = {
    listen: values.listen === undefined ? undefined : listenAddress(values.listen),
    upstreams: values.upstream,
    rules: values.rules,
    set: values.set,
    mode: values.mode,
    shadow:
      shadowRules === undefined ? undefined : { rules: shadowRules, set: values['shadow-set'], auditLog: values['shadow-log'] },
    auditLog: values['audit-log'],
    events: values.events,
    denyList: values['deny-list'],
    workers: values.workers === undefined ? undefined : Number(values.workers),
    trustedProxies: values.trust,
    tls: certificate === undefined ? undefined : [{ names: [], certFile: certificate, keyFile: values['tls-key'] }],
    onEngineError: values['on-engine-error'],
    onLargeBody: values['on-large-body'],
  }
  const over = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const parsed = WafSettings.safeParse({ ...(values.config === undefined ? {} : configOf(values.config)), ...over })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  if (values.config !== undefined)
    throw new KanpekiError('usage', `${issue?.message ?? 'is wrong'}.`, { place: { file: values.config, field } })
  const name = OPTION_OF[String(issue?.path[0])] ?? field
  throw new KanpekiError('usage', `${name}: ${issue?.message ?? 'is wrong'}.`, { remedy: `\n${USAGE}` })
}

/** `listen` may be written as `HOST:PORT`; paths are as from where the command runs. */
function configOf(file: string): Record<string, unknown> {
  let read: unknown
  try {
    read = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new KanpekiError('usage', `cannot be read: ${messageOf(error)}`, { place: { file } })
  }
  if (read === null || typeof read !== 'object' || Array.isArray(read))
    throw new KanpekiError('usage', 'holds no settings.', { place: { file } })
  const { listen } = read as { listen?: unknown }
  return { ...read, ...(typeof listen === 'string' ? { listen: listenAddress(listen) } : {}) }
}

const OPTION_OF: Readonly<Record<string, string>> = {
  listen: '--listen',
  upstreams: '--upstream',
  rules: '--rules',
  set: '--set',
  mode: '--mode',
  shadow: '--shadow-rules with --shadow-log',
  workers: '--workers',
  onEngineError: '--on-engine-error',
  onLargeBody: '--on-large-body',
}

function listenAddress(text: string | undefined): { host: string; port: number } | undefined {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text ?? '')
  return found === null ? undefined : { host: (found[1] ?? found[2])!, port: Number(found[3]) }
}
