import { createReadStream, statSync } from 'node:fs'
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError } from '../kernel/error.ts'
import { moveDurably } from '../platform/atomic-file.ts'
import type { BackupArchive, BackupTarget } from './backup-target.ts'
import { isS3, parseS3 } from './s3-address.ts'
import type { S3Settings } from './s3-client.ts'

const NAME = /^kanpeki-backup-\d{8}T\d{6}Z\.tar$/

/**
 * @param to a file, a folder to name one in, or `s3://BUCKET/PREFIX`; the working folder where undefined.
 * @throws KanpekiError `usage` for what is there already, and `s3_plain`, `s3_failed`.
 */
export async function backupTarget(to: string | undefined, settings: S3Settings, now: Date): Promise<BackupTarget> {
  const name = `kanpeki-backup-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}.tar`
  if (to !== undefined && isS3(to)) {
    const { bucket, key } = parseS3(to)
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
    // Its client is large: it is loaded by those who use it.
    const { s3Target } = await import('./s3-archive.ts')
    return await s3Target(settings, { bucket, key: key.endsWith('.tar') ? key : `${prefix}${name}` })
  }
  if (to === undefined) return fileTarget(name)
  return fileTarget(statSync(to, { throwIfNoEntry: false })?.isDirectory() === true ? join(to, name) : to)
}

/**
 * @param from a file or `s3://BUCKET/KEY`; of a folder or a prefix the newest backup in it.
 * @throws KanpekiError `archive_missing`, and `s3_plain`, `s3_failed`.
 */
export async function backupArchive(from: string, settings: S3Settings): Promise<BackupArchive> {
  if (isS3(from)) {
    const { s3Archive } = await import('./s3-archive.ts')
    return await s3Archive(settings, parseS3(from), (name) => NAME.test(name))
  }
  const found = statSync(from, { throwIfNoEntry: false })
  if (found === undefined) throw new KanpekiError('archive_missing', `There is no file ${from}.`)
  if (!found.isDirectory()) return fileArchive(from, found.size)
  const newest = (await readdir(from))
    .filter((name) => NAME.test(name))
    .sort()
    .at(-1)
  if (newest === undefined) throw new KanpekiError('archive_missing', `There is no backup in ${from}.`)
  return fileArchive(join(from, newest), statSync(join(from, newest)).size)
}

function fileArchive(path: string, size: number): BackupArchive {
  return { name: path, size, read: () => createReadStream(path, { highWaterMark: 1 << 20 }) }
}

/** Beside its name until it is kept. */
function fileTarget(path: string): BackupTarget {
  const temporary = `${path}.part`
  if (statSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new KanpekiError('usage', `${path} is there already.`, { remedy: 'Give another name with --to FILE.' })
  return {
    name: path,
    async write(bytes) {
      const file = await open(temporary, 'w', 0o600)
      try {
        for await (const chunk of bytes)
          for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten
        await file.sync()
      } finally {
        await file.close()
      }
    },
    read: () => createReadStream(temporary, { highWaterMark: 1 << 20 }),
    keep: () => moveDurably(temporary, path),
    discard: () => rm(temporary, { force: true }),
  }
}
