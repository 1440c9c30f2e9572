import { S3Client } from '@aws-sdk/client-s3'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { Config } from '../platform/config.ts'
import type { S3Place } from './s3-address.ts'

export type S3Settings = Pick<Config['values'], 's3-endpoint' | 's3-region'>

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
/** A request is tried so often before it fails. */
const ATTEMPTS = 5
const CONNECT_MS = 10_000
/** Of silence within a request. */
const SILENCE_MS = 60_000

/**
 * A client for the bucket's server. Keys come from where those of AWS' own tools come from: `AWS_ACCESS_KEY_ID` and
 * `AWS_SECRET_ACCESS_KEY`, a credentials file, the machine's role.
 * @throws KanpekiError `s3_plain` for plain HTTP to another machine.
 */
export function openS3(settings: S3Settings): S3Client {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION } = process.env
  const endpoint = settings['s3-endpoint'] ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL
  if (endpoint !== undefined) refusePlain(endpoint)
  const region = settings['s3-region'] ?? AWS_REGION ?? (endpoint === undefined ? undefined : 'us-east-1')
  return new S3Client({
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region === undefined ? {} : { region }),
    maxAttempts: ATTEMPTS,
    // The manifest's hashes prove every byte; servers other than that of AWS do not all know newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
  })
}

function refusePlain(endpoint: string): void {
  const url = URL.parse(endpoint)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))) return
  throw new KanpekiError('s3_plain', `A backup does not go to ${endpoint}: everybody on the way could read it.`, {
    remedy: 'Give an https:// URL; a certificate of your own CA is trusted by NODE_EXTRA_CA_CERTS=FILE.',
  })
}

const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'Make the bucket first, and see whether s3-endpoint and s3-region are right.',
  AccessDenied: 'The key needs s3:PutObject, s3:GetObject, s3:ListBucket, s3:DeleteObject and s3:AbortMultipartUpload there.',
  InvalidAccessKeyId: 'Check AWS_ACCESS_KEY_ID, or the credentials file.',
  SignatureDoesNotMatch: 'Check AWS_SECRET_ACCESS_KEY, or the credentials file.',
  ExpiredToken: 'Get new credentials.',
  PermanentRedirect: 'The bucket is in another region: set s3-region.',
  AuthorizationHeaderMalformed: 'The bucket is in another region: set s3-region.',
  CredentialsProviderError:
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file with them in AWS_SHARED_CREDENTIALS_FILE.',
}

/** What a bucket's server refuses, or why it cannot be reached, in words of ours. */
export function s3Failure(error: unknown, { bucket, key }: S3Place): KanpekiError {
  if (error instanceof KanpekiError) return error
  const name = error instanceof Error ? error.name : ''
  const remedy = REMEDIES[name] ?? 'See whether s3-endpoint and s3-region are right.'
  const reason = messageOf(error)
  return new KanpekiError('s3_failed', `s3://${bucket}/${key}: ${reason === name ? name : `${name}: ${reason}`}`, {
    remedy,
    cause: error,
  })
}
