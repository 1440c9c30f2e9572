import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, realpath, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KanpekiError } from '../../../kernel/error.ts'
import { moveDurably } from '../../../platform/atomic-file.ts'

const ACCOUNT = /^[a-z_][a-z0-9_-]{0,31}$/
const MOST_BYTES = 1024 * 1024
/** sshd(8), AUTHORIZED_KEYS FILE FORMAT: options, type, base64, comment. The blob is found by its type, which it begins with itself. */
const KEY = /(?:^|[\s,"])(ssh-[a-z0-9@.-]+|ecdsa-[a-z0-9@.-]+|sk-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/

/** @param pattern a path with `%u` for the account. */
export function keysFile(pattern: string, account: string): string {
  if (!ACCOUNT.test(account)) throw new KanpekiError('invalid_input', 'This is no name of a local account.')
  return pattern.replaceAll('%u', account)
}

/** As `ssh-keygen -l` says it: `SHA256:…` without padding. Undefined for a line that is no key. */
export function fingerprintOf(line: string): string | undefined {
  if (line.trimStart().startsWith('#')) return undefined
  const [, , blob] = KEY.exec(line) ?? []
  if (blob === undefined) return undefined
  return `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`
}

/** @throws KanpekiError `not_found`, `unsafe_file`. */
export async function readLines(path: string): Promise<readonly string[]> {
  await refuseLinks(path)
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    if ((await file.stat()).size > MOST_BYTES) throw new KanpekiError('unsafe_file', `${path} is larger than a file of keys.`)
    return (await file.readFile('utf8')).split('\n')
  } finally {
    await file.close()
  }
}

/** Replaces the file in one step, with the owner and mode that it had; what it held before stays beside it. */
export async function replaceLines(path: string, lines: readonly string[]): Promise<void> {
  const before = await readLines(path)
  const { uid, gid, mode } = await lstat(path)
  for (const [to, content] of [
    [`${path}.before-kanpeki`, before],
    [path, lines],
  ] as const) {
    const temporary = `${path}.kanpeki-${process.pid}.tmp`
    await rm(temporary, { force: true })
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content.join('\n'))
      await file.chown(uid, gid)
      await file.chmod(mode & 0o777)
      await file.sync()
    } finally {
      await file.close()
    }
    await moveDurably(temporary, to)
  }
}

/** The folder belongs to the account: a link there could lead anywhere. */
async function refuseLinks(path: string): Promise<void> {
  const folder = dirname(path)
  const [real, facts] = await Promise.all([realpath(folder).catch(() => undefined), lstat(path).catch(() => undefined)])
  if (real === undefined || facts === undefined) throw new KanpekiError('not_found', `There is no ${path}.`)
  if (real !== folder || !facts.isFile() || facts.nlink > 1)
    throw new KanpekiError('unsafe_file', `${path} is no plain file at its own place.`, {
      remedy: 'Look at what the account made of it.',
    })
}
