import { readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { linuxCollectors } from '../agent/collectors/registry.ts'
import { runAgent } from '../agent/run.ts'
import { bundleOf, bundleToRun, install, markHealthy } from '../agent/update/installed.ts'
import { type Pending, writePending } from '../agent/update/pending.ts'
import { tryOut } from '../agent/update/try-out.ts'
import { VERSION } from '../app/version.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { Log } from '../platform/log.ts'
import { command } from './command.ts'
import { EXIT } from './options.ts'
import { terminalLog } from './terminal-log.ts'

const USAGE = `Usage: kanpeki agent enrol --to URL [--token TOKEN] [--name NAME] [--ca FILE] [--data DIR]
       kanpeki agent run [--data DIR]
       kanpeki agent release [--data DIR]

Watches this host, and sends what it sees to a server: processes, connections, packages, files, the journal. While the
server is away, events wait in an encrypted spool. Carries out what the server asks for (agent.json says what it may);
'release' ends this host's isolation, whatever the server says.

  --to URL       the server, https
  --token TOKEN  from 'kanpeki enrol-token create' on the server (or KANPEKI_TOKEN)
  --name NAME    this host's name there (default: its own)
  --ca FILE      the server's certificate or its authority's, PEM, where the system does not trust it (or KANPEKI_CA)
  --data DIR     identity, spool, and agent.json with the settings (default: /var/lib/kanpeki-agent, or for others than
                 root ~/.local/state/kanpeki/agent)`

const defaultFolder = (): string =>
  process.getuid?.() === 0 ? '/var/lib/kanpeki-agent' : join(homedir(), '.local/state/kanpeki/agent')

interface Values {
  readonly to?: string | undefined
  readonly token?: string | undefined
  readonly name?: string | undefined
  readonly ca?: string | undefined
  readonly data: string
  readonly trial: boolean
}

async function enrolHere({
  to,
  token = process.env['KANPEKI_TOKEN'],
  name,
  ca = process.env['KANPEKI_CA'],
  data,
}: Values): Promise<number> {
  if (to === undefined) throw usage('Say where to: --to URL.')
  if (token === undefined) throw usage('Enrolling needs a token: --token TOKEN or KANPEKI_TOKEN.')
  let trusted: string | undefined
  try {
    trusted = ca === undefined ? undefined : readFileSync(ca, 'utf8')
  } catch (error) {
    throw new KanpekiError('usage', `Cannot read the certificate: ${messageOf(error)}.`, { place: { file: ca ?? '' } })
  }
  const { enrol } = await import('../agent/enrol.ts')
  const identity = await enrol(data, { url: to, token, name, ca: trusted })
  process.stdout.write(`${identity.name} is agent ${identity.id}.\n`)
  return EXIT.ok
}

const TRIAL_MS = 60_000

async function runHere({ data, trial }: Values): Promise<number> {
  if (process.platform !== 'linux')
    throw new KanpekiError('platform', `The agent runs on Linux; this is ${process.platform}.`, {
      remedy: 'For Windows, docs/collecting.md says how Winlogbeat, event forwarding or imported .evtx files reach the server.',
    })
  keepSmall()
  const bundle = trial || isBundle(data) ? undefined : await bundleToRun(data)
  if (bundle !== undefined) become([bundle, 'agent', 'run', '--data', data])
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const log = terminalLog()
  let well = false
  for (;;) {
    const again = new AbortController()
    let next: Pending | undefined
    await runAgent({
      folder: data,
      version: VERSION,
      collectors: linuxCollectors,
      signal: AbortSignal.any([stop.signal, again.signal]),
      log,
      trial,
      healthy: async () => {
        if (well) return
        well = true
        if (trial) writeFileSync(join(data, 'trial'), '')
        else await markHealthy(data)
      },
      ...(trial
        ? {}
        : {
            update: (pending: Pending) => {
              next = pending
              again.abort()
            },
          }),
    })
    if (next === undefined || stop.signal.aborted) return EXIT.ok
    await change(data, next, stop.signal, log)
  }
}

/** Tries a new version out; becomes it where it works, and goes on as this one where it does not. */
async function change(data: string, next: Pending, signal: AbortSignal, log: Log): Promise<void> {
  const { version, sha256 } = next
  const bundle = bundleOf(data, sha256)
  log.info(`version ${version} is tried`)
  const why = await tryOut({ folder: data, bundle, withinMs: TRIAL_MS, execArgv: process.execArgv, signal })
  const respond = join(data, 'respond')
  if (why !== undefined) {
    log.warn(`version ${version} is not taken: ${why}`)
    const message = `Version ${version} was tried and is not taken: ${why}. ${VERSION} runs on.`
    await writePending(respond, { ...next, result: { failed: { code: 'agent_failed', message } } })
    return
  }
  await writePending(respond, { ...next, result: { receipt: { outcome: 'done', detail: { version, before: VERSION } } } })
  await install(data, next)
  become([bundle, 'agent', 'run', '--data', data])
}

/** Whether this process runs from a version that an update brought. */
const isBundle = (data: string): boolean => process.argv[1]?.startsWith(join(data, 'versions')) === true

async function releaseThis({ data }: Values): Promise<number> {
  const { releaseHere } = await import('../agent/respond/isolation.ts')
  const was = await releaseHere(join(data, 'respond'))
  process.stdout.write(was ? 'This host is isolated no more.\n' : 'This host was not isolated.\n')
  return EXIT.ok
}

/** Not for people: the agent starts itself so, to scan files in a process that may end. */
async function scanHere({ data }: Values): Promise<number> {
  const { serveAgentScans } = await import('../agent/yara/child.ts')
  serveAgentScans(data)
  return await new Promise<number>(() => {})
}

/**
 * V8 would rather grow than collect; on somebody else's host it is to collect. Without its compilers it holds 14 MB less, and
 * what an agent does (reading /proc, hashing, TLS) is not faster with them. WebAssembly is not there then.
 */
const SMALL_HEAP = ['--max-semi-space-size=1', '--max-old-space-size=96', '--optimize-for-size', '--lite-mode']

/** Becomes the same program, with the same pid, under V8's flags for a small heap. */
function keepSmall(): void {
  if (process.execArgv.includes(SMALL_HEAP[0]!) || process.execve === undefined) return
  become(process.argv.slice(1), SMALL_HEAP)
}

/** Goes on as another program of Node, with the same pid. */
function become(args: readonly string[], flags: readonly string[] = []): void {
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...flags, ...args], process.env)
}

export function agentCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      to: { type: 'string' },
      token: { type: 'string' },
      name: { type: 'string' },
      ca: { type: 'string' },
      data: { type: 'string', default: defaultFolder() },
      trial: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      if (positionals[0] === 'enrol' && positionals.length === 1) return await enrolHere(values)
      if (positionals[0] === 'run' && positionals.length === 1) return await runHere(values)
      if (positionals[0] === 'release' && positionals.length === 1) return await releaseThis(values)
      if (positionals[0] === 'scan' && process.send !== undefined) return await scanHere(values)
      throw usage('Say what: enrol, run or release.')
    },
  )
}

const usage = (message: string): KanpekiError => new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
