import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { linuxCollectors } from '../agent/collectors/registry.ts'
import { runAgent } from '../agent/run.ts'
import { VERSION } from '../app/version.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { EXIT, guarded, readOptions } from './options.ts'
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

async function runHere({ data }: Values): Promise<number> {
  if (process.platform !== 'linux')
    throw new KanpekiError('platform', `The agent runs on Linux; this is ${process.platform}.`, {
      remedy: 'For Windows, docs/collecting.md says how Winlogbeat, event forwarding or imported .evtx files reach the server.',
    })
  keepSmall()
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const log = terminalLog()
  await runAgent({
    folder: data,
    version: VERSION,
    collectors: linuxCollectors,
    signal: stop.signal,
    log,
  })
  return EXIT.ok
}

async function releaseThis({ data }: Values): Promise<number> {
  const { releaseHere } = await import('../agent/respond/isolation.ts')
  const was = await releaseHere(join(data, 'respond'))
  process.stdout.write(was ? 'This host is isolated no more.\n' : 'This host was not isolated.\n')
  return EXIT.ok
}

/** V8 would rather grow than collect; on somebody else's host it is to collect. */
const SMALL_HEAP = ['--max-semi-space-size=1', '--max-old-space-size=96', '--optimize-for-size']

/** Becomes the same program, with the same pid, under V8's flags for a small heap. */
function keepSmall(): void {
  if (process.execArgv.includes(SMALL_HEAP[0]!) || process.execve === undefined) return
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...SMALL_HEAP, ...process.argv.slice(1)], process.env)
}

export function agentCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          to: { type: 'string' },
          token: { type: 'string' },
          name: { type: 'string' },
          ca: { type: 'string' },
          data: { type: 'string', default: defaultFolder() },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      return EXIT.ok
    }
    if (positionals[0] === 'enrol' && positionals.length === 1) return await enrolHere(values)
    if (positionals[0] === 'run' && positionals.length === 1) return await runHere(values)
    if (positionals[0] === 'release' && positionals.length === 1) return await releaseThis(values)
    throw usage('Say what: enrol, run or release.')
  })
}

const usage = (message: string): KanpekiError => new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
