import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** What these tests need and this machine does not have; undefined where they can run. With `CI=true` that is a failure. */
export function missingHere(): string | undefined {
  const missing = look()
  if (missing !== undefined && process.env['CI'] === 'true') throw new Error(`${missing} is missing, and CI=true asks for it`)
  return missing
}

function look(): string | undefined {
  if (process.platform !== 'linux') return 'Linux'
  if (process.getuid?.() !== 0) return 'root'
  for (const path of ['/usr/sbin/slapd', '/usr/sbin/nft', '/usr/sbin/usermod', '/usr/sbin/sshd'])
    if (!existsSync(path)) return path
  const name = `kanpeki-try-${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0
  spawnSync('ip', ['netns', 'del', name])
  return made ? undefined : 'network namespaces'
}
