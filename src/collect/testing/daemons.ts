import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where continuous integration unpacks Debian's packages: both daemons want to be the system's only one. */
const UNPACKED = fileURLToPath(new URL('../../../.runtime/debian', import.meta.url))

/** A real log daemon that reads `lines.log` of its folder and sends on what a snippet says. */
export interface Daemon {
  /** Appends lines to what it reads. */
  feed(lines: readonly string[]): void
  /** What it said so far. */
  readonly said: () => string
  stop(): Promise<void>
}

interface Program {
  readonly path: string
  /** `` or the folder that stands for `/`. */
  readonly root: string
}

/** Where a daemon is, or undefined: tests then skip and say so; with `CI=true` that is an error. */
export function findDaemon(name: 'rsyslogd' | 'syslog-ng'): Program | undefined {
  const found = [UNPACKED, ''].map((root) => ({ root, path: `${root}/usr/sbin/${name}` })).find(({ path }) => existsSync(path))
  if (found === undefined && process.env['CI'] === 'true') throw new Error(`${name} is not installed, and CI=true asks for it`)
  return found
}

/** Starts rsyslogd in the foreground, without any right that this process has not, with the snippet as one of its files. */
export async function startRsyslog({ path, root }: Program, folder: string, snippet: string): Promise<Daemon> {
  prepare(folder)
  writeFileSync(join(folder, 'snippet.conf'), snippet)
  writeFileSync(
    join(folder, 'rsyslog.conf'),
    `global(workDirectory="${folder}/spool" maxMessageSize="64k" net.enableDNS="off")
module(load="imfile")
input(type="imfile" File="${folder}/lines.log" Tag="probe" readMode="0")
include(file="${folder}/snippet.conf")
`,
  )
  const modules = globSync(`${root}/usr/lib/*/rsyslog`)[0] ?? `${root}/usr/lib/rsyslog`
  return await started(path, ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid'), '-M', modules], folder, {})
}

/** Starts syslog-ng likewise; its source is `s_src`, as in Debian's own settings. */
export async function startSyslogNg({ path, root }: Program, folder: string, snippet: string): Promise<Daemon> {
  prepare(folder)
  const include = `${root}/usr/share/syslog-ng/include/scl/elasticsearch/elastic-http.conf`
  writeFileSync(
    join(folder, 'syslog-ng.conf'),
    `@version: 3.35
${existsSync(include) ? `@include "${include}"` : ''}
options { use-dns(no); time-reopen(1); stats-freq(0); };
source s_src { file("${folder}/lines.log" follow-freq(0.1) flags(no-parse) program-override("probe")); };
${snippet}
`,
  )
  const files = [
    '--persist-file',
    join(folder, 'persist'),
    '--pidfile',
    join(folder, 'pid'),
    '--control',
    join(folder, 'control'),
  ]
  const more = ['--module-path', globSync(`${root}/usr/lib/syslog-ng/3.*`)[0] ?? `${root}/usr/lib/syslog-ng`]
  const options = ['-F', '--stderr', '--no-caps', '-f', join(folder, 'syslog-ng.conf'), ...files, ...more]
  return await started(path, options, folder, { LD_LIBRARY_PATH: `${root}/usr/lib/syslog-ng` })
}

function prepare(folder: string): void {
  mkdirSync(join(folder, 'spool'), { recursive: true })
  appendFileSync(join(folder, 'lines.log'), '')
}

async function started(path: string, args: readonly string[], folder: string, env: Record<string, string>): Promise<Daemon> {
  const child: ChildProcess = spawn(path, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    feed: (lines) => appendFileSync(join(folder, 'lines.log'), lines.map((line) => `${line}\n`).join('')),
    said: () => said,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(late)
    },
  }
}
