import { createHash, createHmac } from 'node:crypto'

export interface AwsRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly contentType: string
  readonly body: string
}

export interface AwsKey {
  readonly id: string
  readonly secret: string
  readonly region: string
  readonly service: string
}

/**
 * The headers of a request signed by AWS Signature Version 4 (“Create a signed AWS API request”), over content type, host and date.
 * @param at milliseconds UTC.
 */
export function awsHeaders(
  { method, url, contentType, body }: AwsRequest,
  key: AwsKey,
  at: number,
): Readonly<Record<string, string>> {
  const date = new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = date.slice(0, 8)
  const query = [...url.searchParams]
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const signed = 'content-type;host;x-amz-date'
  const canonical = [
    method,
    url.pathname,
    query,
    `content-type:${contentType}`,
    `host:${url.host}`,
    `x-amz-date:${date}`,
    '',
    signed,
    sha256(body),
  ].join('\n')
  const range = `${day}/${key.region}/${key.service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, range, sha256(canonical)].join('\n')
  const signing = [day, key.region, key.service, 'aws4_request'].reduce<string | Buffer>(
    (from, part) => createHmac('sha256', from).update(part).digest(),
    `AWS4${key.secret}`,
  )
  const signature = createHmac('sha256', signing).update(toSign).digest('hex')
  return {
    'content-type': contentType,
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=${key.id}/${range}, SignedHeaders=${signed}, Signature=${signature}`,
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** RFC 3986, stricter than `encodeURIComponent`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}
