import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './slapd.ts'

export interface TestSshd {
  readonly port: string
  /** Public keys without their comments: the server's own, and one that is another's. */
  readonly hostKey: string
  readonly otherKey: string
  /** Private keys: one that is let in as root, and one that is not. */
  readonly clientKey: string
  readonly strangerKey: string
  stop(): void
}

/** OpenSSH's server as Debian ships it, on loopback. */
export async function startSshd(folder: string): Promise<TestSshd> {
  mkdirSync(folder, { mode: 0o755 })
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  for (const name of ['host', 'client', 'other'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const publicOf = (name: string): string => read(`${name}.pub`).split(' ').slice(0, 2).join(' ')
  writeFileSync(join(folder, 'authorized'), read('client.pub'), { mode: 0o600 })
  const port = await freePort()
  const settings = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${join(folder, 'host')}`],
    ...[`AuthorizedKeysFile ${join(folder, 'authorized')}`, 'PidFile none', 'UsePAM no', 'StrictModes no'],
    ...['PermitRootLogin prohibit-password', 'PasswordAuthentication no'],
    // What this machine's own root runs at a start of its shell is nobody's concern here.
    `SetEnv HOME=${folder}`,
  ]
  writeFileSync(join(folder, 'config'), `${settings.join('\n')}\n`)
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'config')], { stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise<void>((up) => sshd.stderr.on('data', (text: Buffer) => void (String(text).includes('listening') && up())))
  return {
    port: String(port),
    hostKey: publicOf('host'),
    otherKey: publicOf('other'),
    clientKey: read('client'),
    strangerKey: read('other'),
    stop: () => void sshd.kill('SIGKILL'),
  }
}
