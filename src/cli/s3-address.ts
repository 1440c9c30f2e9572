import { KanpekiError } from '../kernel/error.ts'

export interface S3Place {
  readonly bucket: string
  /** May be a prefix; without a slash before it. */
  readonly key: string
}

export function isS3(text: string): boolean {
  return /^s3:/i.test(text)
}

/** @throws KanpekiError `usage`. */
export function parseS3(text: string): S3Place {
  const [, bucket, key = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(text) ?? []
  if (bucket === undefined) throw new KanpekiError('usage', `'${text}' names no bucket.`, { remedy: 'Write s3://BUCKET/PREFIX.' })
  return { bucket, key }
}

/** The options of a command line as settings. */
export function s3Flags(values: { readonly 's3-endpoint'?: string; readonly 's3-region'?: string }): Record<string, string> {
  const { 's3-endpoint': endpoint, 's3-region': region } = values
  return {
    ...(endpoint === undefined ? {} : { 's3-endpoint': endpoint }),
    ...(region === undefined ? {} : { 's3-region': region }),
  }
}
