import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { KanpekiError } from '../kernel/error.ts'
import type { BackupArchive, BackupTarget } from './backup-target.ts'
import type { S3Place } from './s3-address.ts'
import { openS3, type S3Settings, s3Failure } from './s3-client.ts'

/** S3 takes parts of 5 MiB to 5 GiB, at most 10,000 of them. */
const LEAST_PART_BYTES = 8 * 1024 ** 2
const PARTS_AIMED_AT = 8_000
const PARTS_AT_ONCE = 3
/** A download that broke off is taken up again so often without having got any further. */
const TRIES = 5
const PAUSE_MS = 500

/**
 * An object of a bucket. Its parts become an object in one step, when all are there: what broke off is none, whatever the
 * reason. @throws KanpekiError `usage` for what is there already, `s3_failed`.
 */
export async function s3Target(settings: S3Settings, place: S3Place): Promise<BackupTarget> {
  const client = openS3(settings)
  const { bucket, key } = place
  const at = { Bucket: bucket, Key: key }
  if ((await sizeOf(client, place)) !== undefined)
    throw new KanpekiError('usage', `s3://${bucket}/${key} is there already.`, { remedy: 'Give another name with --to.' })
  return {
    name: `s3://${bucket}/${key}`,
    write: (bytes, estimate) => upload(client, place, bytes, estimate),
    read: () => download(client, place),
    keep: async () => client.destroy(),
    async discard() {
      // Nothing of that name was there before.
      await client.send(new DeleteObjectCommand(at)).catch(() => {})
      client.destroy()
    },
  }
}

/** @throws KanpekiError `archive_missing`, `s3_failed`. */
export async function s3Archive(
  settings: S3Settings,
  { bucket, key }: S3Place,
  isBackup: (name: string) => boolean,
): Promise<BackupArchive> {
  const client = openS3(settings)
  const given = key === '' ? undefined : await sizeOf(client, { bucket, key })
  const found = given === undefined ? await newest(client, { bucket, key }, isBackup) : { key, size: given }
  if (found === undefined) throw new KanpekiError('archive_missing', `There is no backup at s3://${bucket}/${key}.`)
  return {
    name: `s3://${bucket}/${found.key}`,
    size: found.size,
    read: () => download(client, { bucket, key: found.key }),
  }
}

async function newest(
  client: S3Client,
  { bucket, key }: S3Place,
  isBackup: (name: string) => boolean,
): Promise<{ readonly key: string; readonly size: number } | undefined> {
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
  let best: { key: string; size: number } | undefined
  let token: string | undefined
  do {
    const request = {
      Bucket: bucket,
      Prefix: prefix,
      Delimiter: '/',
      ...(token === undefined ? {} : { ContinuationToken: token }),
    }
    const page = await client.send(new ListObjectsV2Command(request)).catch((error) => {
      throw s3Failure(error, { bucket, key })
    })
    for (const { Key = '', Size = 0 } of page.Contents ?? [])
      if (isBackup(Key.slice(prefix.length)) && Key > (best?.key ?? '')) best = { key: Key, size: Size }
    token = page.NextContinuationToken
  } while (token !== undefined)
  return best
}

/** Undefined where there is no such object. */
async function sizeOf(client: S3Client, place: S3Place): Promise<number | undefined> {
  try {
    return (await client.send(new HeadObjectCommand({ Bucket: place.bucket, Key: place.key }))).ContentLength ?? 0
  } catch (error) {
    if (error instanceof Error && /^(NotFound|NoSuchKey)$/.test(error.name)) return undefined
    throw s3Failure(error, place)
  }
}

async function upload(client: S3Client, place: S3Place, bytes: AsyncIterable<Uint8Array>, estimate: number): Promise<void> {
  const at = { Bucket: place.bucket, Key: place.key }
  const failed = (error: unknown): never => {
    throw s3Failure(error, place)
  }
  const { UploadId } = await client
    .send(new CreateMultipartUploadCommand({ ...at, ContentType: 'application/x-tar' }))
    .catch(failed)
  const stop = new AbortController()
  const parts: CompletedPart[] = []
  const underWay = new Set<Promise<void>>()
  let broken: unknown
  const send = async (PartNumber: number, Body: Buffer): Promise<void> => {
    const ContentMD5 = createHash('md5').update(Body).digest('base64')
    const command = new UploadPartCommand({ ...at, UploadId, PartNumber, Body, ContentMD5, ContentLength: Body.length })
    const { ETag } = await client.send(command, { abortSignal: stop.signal })
    parts.push({ PartNumber, ...(ETag === undefined ? {} : { ETag }) })
  }
  try {
    let number = 0
    for await (const part of inParts(bytes, Math.max(LEAST_PART_BYTES, Math.ceil(estimate / PARTS_AIMED_AT)))) {
      number += 1
      const sending = send(number, part)
        .catch((error: unknown) => {
          broken ??= error
        })
        .finally(() => underWay.delete(sending))
      underWay.add(sending)
      if (underWay.size >= PARTS_AT_ONCE) await Promise.race(underWay)
      if (broken !== undefined) failed(broken)
    }
    await Promise.all(underWay)
    if (broken !== undefined) failed(broken)
    const Parts = parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
    await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } })).catch(failed)
  } catch (error) {
    stop.abort()
    await Promise.all(underWay)
    await client.send(new AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => {})
    throw error
  }
}

async function* inParts(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.byteLength; ) {
      const piece = chunk.subarray(from, from + size - length)
      held.push(piece)
      length += piece.byteLength
      from += piece.byteLength
      if (length < size) continue
      yield Buffer.concat(held, length)
      held = []
      length = 0
    }
  }
  if (length > 0) yield Buffer.concat(held, length)
}

async function* download(client: S3Client, place: S3Place): AsyncGenerator<Uint8Array> {
  let done = 0
  let whole: number | undefined
  let tag: string | undefined
  for (let tries = 0; ; ) {
    const rest = done === 0 ? {} : { Range: `bytes=${done}-`, ...(tag === undefined ? {} : { IfMatch: tag }) }
    try {
      const reply = await client.send(new GetObjectCommand({ Bucket: place.bucket, Key: place.key, ...rest }))
      whole ??= reply.ContentLength
      tag ??= reply.ETag
      for await (const chunk of reply.Body as AsyncIterable<Uint8Array>) {
        done += chunk.byteLength
        tries = 0
        yield chunk
      }
      if (whole === undefined || done >= whole) return
      throw new Error(`it ended after ${done} of ${whole} bytes`)
    } catch (error) {
      // What the server refuses it refuses again; what broke off goes on where it was.
      const refused = error instanceof Error && '$metadata' in error && '$fault' in error && error.$fault === 'client'
      tries += 1
      if (refused || tries >= TRIES) throw s3Failure(error, place)
      await sleep(PAUSE_MS * tries)
    }
  }
}
