import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** A PostgreSQL of a test's own: on a unix socket in a temporary folder, without fsync, gone with `stop`. */
export interface TestPostgres {
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>
  stop(): Promise<void>
}

/** The folder with `initdb` and `postgres` as Debian and others install them, or undefined. */
export function postgresPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(debian, version, 'bin')), '/usr/local/bin', '/usr/bin', '/opt/homebrew/bin']
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

const TEMPLATE = 'KANPEKI_TEST_POSTGRES_TEMPLATE'

function initialise(asUser: Wrap, programs: string, data: string): void {
  const initdb = ['-D', data, '-A', 'trust', '-U', 'kanpeki', '--no-sync', '--encoding=UTF8', '--locale=C']
  run(asUser, join(programs, 'initdb'), initdb)
}

/**
 * Makes what `initdb` makes once for a whole run of tests, which then copy it: half a hundred of them took a minute of CPU.
 * @returns what removes it.
 */
export function prepareTemplate(): () => void {
  const programs = postgresPrograms()
  if (programs === undefined) return () => {}
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-pg-template-'))
  initialise(unprivileged(folder), programs, join(folder, 'data'))
  process.env[TEMPLATE] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

/** @param port of 127.0.0.1 to listen on besides the socket. */
export async function startPostgres(programs: string, port?: number): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-pg-'))
  const asUser = unprivileged(folder)
  const data = join(folder, 'data')
  const template = process.env[TEMPLATE]
  if (template === undefined) initialise(asUser, programs, data)
  else run(asUser, 'cp', ['-a', join(template, 'data'), data])
  const settings = [
    'fsync=off',
    'full_page_writes=off',
    // Nothing replicates, archives or crashes on purpose: the least is written.
    'wal_level=minimal',
    'max_wal_senders=0',
    'autovacuum=off',
    ...(port === undefined ? ['listen_addresses='] : ['listen_addresses=127.0.0.1', `port=${port}`]),
    `unix_socket_directories=${folder}`,
    'shared_buffers=16MB',
  ]
  const server = launch(asUser, join(programs, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])])
  const url = (database: string) =>
    `postgres://kanpeki@${encodeURIComponent(folder)}${port === undefined ? '' : `:${port}`}/${database}`
  await answers(url('postgres'), server.child, server.output)
  let made = 0
  return {
    async createDatabase() {
      made += 1
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      // Since PostgreSQL 15 a copy goes through the log by default, which costs five times as much; before, there was no choice.
      const version = await client.query<{ version: number }>(`select current_setting('server_version_num')::int as version`)
      await client.query(`create database test_${made}${version.rows[0]!.version < 150_000 ? '' : ' strategy file_copy'}`)
      await client.end()
      return url(`test_${made}`)
    },
    async stop() {
      const gone = new Promise((resolve) => server.child.once('exit', resolve))
      // SIGQUIT: at once, without a checkpoint; the folder goes away anyway.
      server.child.kill('SIGQUIT')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

type Wrap = (program: string, args: readonly string[]) => readonly [string, readonly string[]]

/** PostgreSQL refuses to run as root: there it becomes the user `postgres` that its package made. */
function unprivileged(folder: string): Wrap {
  if (process.getuid?.() !== 0) return (program, args) => [program, args]
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }))
  const gid = Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' }))
  chownSync(folder, uid, gid)
  // setpriv replaces itself by the program, so that signals to the child reach it.
  return (program, args) => ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args]]
}

function run(wrap: Wrap, program: string, args: readonly string[]): void {
  const [file, rest] = wrap(program, args)
  execFileSync(file, rest, { stdio: 'pipe', cwd: tmpdir() })
}

function launch(wrap: Wrap, program: string, args: readonly string[]): { child: ChildProcess; output: () => string } {
  const [file, rest] = wrap(program, args)
  const child = spawn(file, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: tmpdir() })
  let output = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4000)
  })
  return { child, output: () => output }
}

async function answers(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (child.exitCode !== null) break
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await sleep(50)
    }
  }
  child.kill('SIGKILL')
  throw new Error(`PostgreSQL did not start:\n${output()}`)
}
