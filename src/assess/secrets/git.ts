import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { KanpekiError } from '../../kernel/error.ts'

/** A repository may be hostile: nothing of its settings that starts a program is followed, and nothing of the user's is read. */
const SAFE = [
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.pager=cat', 'core.untrackedCache=false'],
  ...['diff.external=', 'protocol.allow=never', 'core.quotePath=false', 'log.showSignature=false', 'safe.directory=*'],
].flatMap((one) => ['-c', one])

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
}

function git(folder: string, args: readonly string[]) {
  return spawn('git', ['--no-pager', ...SAFE, ...args], { cwd: folder, env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] })
}

async function ended(child: ReturnType<typeof git>, folder: string): Promise<void> {
  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    if (said.length < 2000) said += part.toString('utf8')
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new KanpekiError('git_missing', 'The history needs the program git.', {
        remedy: 'Install git, or leave out --history.',
      })
    throw error
  })
  if (code !== 0)
    throw new KanpekiError('git_failed', `git cannot read ${folder}: ${said.trim().split('\n')[0] ?? `exit ${code}`}`, {
      place: { file: folder },
      remedy: 'Is it a whole repository?',
    })
}

async function linesOf(folder: string, args: readonly string[], each: (line: string) => void, separator = '\n'): Promise<void> {
  const child = git(folder, args)
  child.stdin.end()
  const done = ended(child, folder)
  // Awaited below; until then a failure must not count as unhandled.
  done.catch(() => undefined)
  if (separator === '\n')
    for await (const line of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) each(line)
  else {
    let kept = ''
    for await (const part of child.stdout.setEncoding('utf8')) {
      const pieces = (kept + String(part)).split(separator)
      kept = pieces.pop()!
      for (const piece of pieces) each(piece)
    }
  }
  await done
}

/** The files that a work tree holds, but for those that it ignores; undefined where the folder is no work tree. */
export async function trackedFiles(folder: string): Promise<readonly string[] | undefined> {
  const files: string[] = []
  try {
    await linesOf(folder, ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], (file) => files.push(file), '\0')
  } catch (error) {
    if (error instanceof KanpekiError) return undefined
    throw error
  }
  return [...new Set(files)]
}

export interface Blob {
  readonly sha: string
  /** Where it lay when the walk met it first. */
  readonly path: string
}

/** Every file's content that any commit, branch or tag holds, each once. */
export async function blobsOf(folder: string): Promise<readonly Blob[]> {
  const blobs = new Map<string, string>()
  await linesOf(folder, ['rev-list', '--objects', '--all', '--reflog'], (line) => {
    const at = line.indexOf(' ')
    if (at > 0 && at < line.length - 1) blobs.set(line.slice(0, at), line.slice(at + 1))
  })
  return [...blobs].map(([sha, path]) => ({ sha, path }))
}

/** Reads objects out of the packs, one in memory at a time. @param most larger ones are skipped, and told by `undefined`. */
export async function readBlobs(
  folder: string,
  blobs: readonly Blob[],
  most: number,
  each: (blob: Blob, content: Buffer | undefined) => void,
): Promise<void> {
  const child = git(folder, ['cat-file', '--batch', '--buffer'])
  const done = ended(child, folder)
  done.catch(() => undefined)
  child.stdin.on('error', () => undefined)
  child.stdin.end(blobs.map(({ sha }) => `${sha}\n`).join(''))
  let kept: Buffer = Buffer.alloc(0)
  let parts: Buffer[] = []
  let awaited = -1
  let have = 0
  let type = ''
  let number = 0
  for await (const part of child.stdout) {
    let data = kept.length === 0 ? (part as Buffer) : Buffer.concat([kept, part as Buffer])
    kept = Buffer.alloc(0)
    while (data.length > 0) {
      if (awaited < 0) {
        const end = data.indexOf(10)
        if (end < 0) {
          kept = data
          break
        }
        const [, kind = '', size = '0'] = data.subarray(0, end).toString('latin1').split(' ')
        data = data.subarray(end + 1)
        if (kind === 'missing') {
          each(blobs[number++]!, undefined)
          continue
        }
        type = kind
        awaited = Number(size) + 1
        have = 0
        parts = []
        continue
      }
      const piece = data.subarray(0, awaited - have)
      have += piece.length
      if (awaited - 1 <= most) parts.push(piece)
      data = data.subarray(piece.length)
      if (have < awaited) break
      const blob = blobs[number++]!
      if (type === 'blob') each(blob, awaited - 1 > most ? undefined : Buffer.concat(parts).subarray(0, awaited - 1))
      awaited = -1
    }
  }
  await done
}

/** The first commit that has an object, with its time (RFC 3339) and whoever made it. */
export async function commitOf(
  folder: string,
  sha: string,
): Promise<{ readonly commit: string; readonly at: string; readonly by: string } | undefined> {
  let found: { commit: string; at: string; by: string } | undefined
  await linesOf(
    folder,
    [
      'log',
      '--all',
      '--reflog',
      '--no-ext-diff',
      '--no-textconv',
      '--reverse',
      `--find-object=${sha}`,
      '--format=%H%x00%aI%x00%an',
    ],
    (line) => {
      const [commit = '', at = '', by = ''] = line.split('\0')
      if (commit !== '') found ??= { commit, at, by }
    },
  )
  return found
}
