import type { Dirent } from 'node:fs'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { ScanResult } from '../results/result.ts'
import { blobsOf, commitOf, readBlobs, trackedFiles } from './git.ts'
import { type FoundSecret, type SecretScanner, scanText } from './scan-text.ts'

/** A secret, and where: in the folder as it is, or only in what it was. */
export interface SecretPlace extends FoundSecret {
  /** Below the folder, with slashes. */
  readonly path: string
  /** Null: it is there now. */
  readonly commit: { readonly commit: string; readonly at: string; readonly by: string } | null
}

export interface SecretScan {
  readonly found: readonly SecretPlace[]
  readonly files: number
  readonly blobs: number
  /** What was not looked at, by why. */
  readonly left: Readonly<Record<string, number>>
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/** Larger files are data; what people write is smaller. */
const MOST_BYTES = 5 * 2 ** 20
const HEAD_BYTES = 8000
const SKIPPED: ReadonlySet<string> = new Set(['.git', 'node_modules', '.hg', '.svn', '__pycache__', '.venv'])

/**
 * Looks for secrets in a folder: in what git tracks or does not ignore where it is a work tree, else in every file.
 * @param history also in everything that git remembers: a secret that was taken out is still one.
 * @param own looks for other patterns than those that ship.
 */
export async function scanSecrets(folder: string, history: boolean, own?: SecretScanner): Promise<SecretScan> {
  const scan = (text: string) => own?.scan(text) ?? scanText(text)
  const left: Record<string, number> = {}
  const leave = (why: string): void => {
    left[why] = (left[why] ?? 0) + 1
  }
  const problems: { file: string; reason: string }[] = []
  const found: SecretPlace[] = []
  let files = 0
  for (const path of (await trackedFiles(folder)) ?? (await walk(folder, problems))) {
    const file = join(folder, path)
    try {
      const facts = await lstat(file)
      if (!facts.isFile()) {
        leave('no plain file')
        continue
      }
      if (facts.size > MOST_BYTES) {
        leave(`larger than ${MOST_BYTES / 2 ** 20} MiB`)
        continue
      }
      const text = textOf(await readFile(file))
      files += 1
      if (text === undefined) leave('binary')
      else for (const one of scan(text)) found.push({ ...one, path: path.replaceAll('\\', '/'), commit: null })
    } catch (error) {
      // Deleted in the work tree, and tracked still.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') leave('not there any more')
      else problems.push({ file: path, reason: messageOf(error) })
    }
  }
  const blobs = history ? await inHistory(folder, found, scan, leave) : 0
  return { found: found.sort(byPlace), files, blobs, left, problems }
}

async function inHistory(
  folder: string,
  found: SecretPlace[],
  scan: (text: string) => readonly FoundSecret[],
  leave: (why: string) => void,
): Promise<number> {
  const here = new Set(found.map(({ digest }) => digest))
  const blobs = await blobsOf(folder)
  const past = new Map<string, { readonly one: FoundSecret; readonly sha: string; readonly path: string }>()
  let read = 0
  await readBlobs(folder, blobs, MOST_BYTES, ({ sha, path }, content) => {
    read += 1
    const text = content === undefined ? undefined : textOf(content)
    if (content === undefined) leave(`larger than ${MOST_BYTES / 2 ** 20} MiB`)
    if (text === undefined) return
    for (const one of scan(text)) if (!here.has(one.digest) && !past.has(one.digest)) past.set(one.digest, { one, sha, path })
  })
  for (const { one, sha, path } of past.values())
    found.push({ ...one, path, commit: (await commitOf(folder, sha)) ?? { commit: sha, at: '', by: '' } })
  return read
}

/** Undefined for what is no text. */
function textOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2)
  if (bytes.subarray(0, HEAD_BYTES).includes(0)) return undefined
  return bytes.toString('utf8')
}

async function walk(folder: string, problems: { file: string; reason: string }[]): Promise<readonly string[]> {
  const files: string[] = []
  const open = [folder]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const place = at
    const entries = await readdir(place, { withFileTypes: true }).catch((error: unknown): Dirent[] => {
      if (place === folder)
        throw new KanpekiError('usage', `${folder} cannot be read: ${messageOf(error)}.`, { place: { file: folder } })
      problems.push({ file: relative(folder, place), reason: messageOf(error) })
      return []
    })
    for (const entry of entries) {
      const path = join(place, entry.name)
      // Links are not followed: they leave the folder, or go round.
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) open.push(path)
      else if (entry.isFile()) files.push(relative(folder, path))
    }
  }
  return files.sort()
}

function byPlace(a: SecretPlace, b: SecretPlace): number {
  if ((a.commit === null) !== (b.commit === null)) return a.commit === null ? -1 : 1
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line
}

const baseline = z.object({
  kanpeki: z.literal('secrets-baseline'),
  secrets: z.array(z.object({ digest: z.string(), path: z.string(), pattern: z.string() })),
})

/** What is known and borne: the same secret in the same file. Moving it to another file makes it new. */
export function baselineText(found: readonly SecretPlace[]): string {
  const secrets = found.map(({ digest, path, pattern }) => ({ digest, path, pattern }))
  return `${JSON.stringify({ kanpeki: 'secrets-baseline', secrets }, null, 2)}\n`
}

/** @throws KanpekiError `usage` for what is no baseline. */
export function readBaseline(text: string, file: string): (place: SecretPlace) => boolean {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new KanpekiError('usage', `${file} is no baseline: ${messageOf(error)}.`, { place: { file } })
  }
  const parsed = baseline.safeParse(value)
  if (!parsed.success)
    throw new KanpekiError('usage', `${file} is no baseline of kanpeki scan secrets.`, {
      place: { file },
      remedy: 'Write one with --write-baseline FILE.',
    })
  const known = new Set(parsed.data.secrets.map(({ digest, path }) => `${digest} ${path}`))
  return ({ digest, path }) => known.has(`${digest} ${path}`)
}

/** As results of a scanner: the place, the kind, and never the secret. */
export function secretResults(found: readonly SecretPlace[]): readonly ScanResult[] {
  return found.map(({ pattern, title, severity, line, veiled, path, commit, digest }) => {
    const place = `${path}:${line}`
    return {
      asset: null,
      kind: 'secret',
      id: `secret-${pattern}`,
      // In the history lines say little: the secret itself is the cause.
      aliases: commit === null ? ['secret'] : [],
      cause: commit === null ? place : `${path}@${digest.slice(0, 12)}`,
      name: path,
      version: commit?.commit.slice(0, 12) ?? null,
      purl: null,
      place,
      summary: `${title}: ${veiled}${commit === null ? '' : `, in the history since ${commit.commit.slice(0, 12)}`}`,
      severity,
      score: null,
      vector: null,
      fixed: [],
    }
  })
}
