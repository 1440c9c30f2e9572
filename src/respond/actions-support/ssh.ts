import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { runProgram } from '../../platform/run-program.ts'
import type { ConnectionOf } from '../connections/schema.ts'

const CLIENT = '/usr/bin/ssh'
const MOST_KEPT = 4000
/** As ssh ends where it could not do its own part; a program may end so, too. */
const OWN_FAULT = 255
/** Said before anything was run on the other side. */
const NOTHING_RAN =
  /Host key verification failed|REMOTE HOST IDENTIFICATION|Permission denied|Connection (refused|timed out)|No route to host|invalid format|error in libcrypto|no matching|banner exchange/
const ALIAS = 'kanpeki-target'
const PREFIX = 'kanpeki-ssh-'

/**
 * Runs one program with its words on another host. The private key lies in a file of memory for as long as the client runs.
 * @throws KanpekiError `ssh_refused` (nothing ran), `unsure` (the connection was lost), `program_failed`.
 */
export async function runOver(
  { settings, secrets }: Pick<ConnectionOf<'ssh'>, 'settings' | 'secrets'>,
  argv: readonly string[],
  outgoing: Pick<Outgoing, 'addressesOf'>,
  signal: AbortSignal,
): Promise<{ readonly exit: number; readonly output: string }> {
  const [address] = await outgoing.addressesOf(settings.host)
  const folder = await keyFolder()
  try {
    const [key, known] = [join(folder, 'key'), join(folder, 'known_hosts')]
    // The client takes a key only with a line end after its last line.
    await writeFile(key, `${secrets.privateKey.replaceAll('\r\n', '\n').trimEnd()}\n`, { mode: 0o600 })
    await writeFile(known, `${ALIAS} ${settings.hostKey}\n`, { mode: 0o600 })
    const options = {
      ...{ BatchMode: 'yes', StrictHostKeyChecking: 'yes', HostKeyAlias: ALIAS, UserKnownHostsFile: known },
      ...{ GlobalKnownHostsFile: '/dev/null', IdentitiesOnly: 'yes', IdentityAgent: 'none', IdentityFile: key },
      ...{ PreferredAuthentications: 'publickey', ConnectTimeout: '10', ServerAliveInterval: '10', UpdateHostKeys: 'no' },
      ...{
        ClearAllForwardings: 'yes',
        ForwardAgent: 'no',
        PermitLocalCommand: 'no',
        ControlPath: 'none',
        CanonicalizeHostname: 'no',
      },
    }
    const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    const args = ['-F', 'none', '-T', ...flags, '-p', settings.port, '-l', settings.user, '--', address!.address]
    const { code, stdout, stderr } = await runProgram(CLIENT, [...args, argv.map(quoted).join(' ')], {
      signal,
      timeoutMs: 10 * 60_000,
    })
    if (code === 0) return { exit: 0, output: stdout.slice(0, MOST_KEPT) }
    const said = stderr.replaceAll(folder, '').trim().slice(-300)
    if (code === OWN_FAULT && NOTHING_RAN.test(stderr))
      throw new KanpekiError('ssh_refused', `${settings.host} was not entered: ${said}`, {
        remedy: 'Look at the host key, the user and the private key of this connection.',
      })
    if (code === OWN_FAULT || code === -1)
      throw new KanpekiError('unsure', `The connection to ${settings.host} was lost: ${said}`)
    throw new KanpekiError('program_failed', `It ended with ${code} on ${settings.host}.`, { remedy: said })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** As POSIX reads a word in single quotes: nothing in it has a meaning. */
function quoted(word: string): string {
  if (word.includes('\0')) throw new KanpekiError('invalid_input', 'A word of a command cannot hold a NUL.')
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** In memory where there is such a place; what a process that was killed left there goes first. */
async function keyFolder(): Promise<string> {
  const place = await readdir('/dev/shm').then(
    () => '/dev/shm',
    () => tmpdir(),
  )
  for (const name of await readdir(place)) {
    const [, pid] = /^kanpeki-ssh-(\d+)-/.exec(name) ?? []
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(place, name), { recursive: true, force: true })
  }
  return await mkdtemp(join(place, `${PREFIX}${process.pid}-`))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
