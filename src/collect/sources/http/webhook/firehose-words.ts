import type { IncomingHttpHeaders } from 'node:http'
import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'

/** What Firehose says in headers about all its records: the stream, and attributes that its owner set. */
export function firehoseWords(headers: IncomingHttpHeaders): JsonObject {
  const arn = headers['x-amz-firehose-source-arn']
  const [, , , region, account] = typeof arn === 'string' ? arn.split(':') : []
  return {
    'cloud.provider': 'aws',
    ...(typeof arn === 'string' ? { 'aws.firehose.arn': arn } : {}),
    ...(region === undefined || region === '' ? {} : { 'cloud.region': region }),
    ...(account === undefined || account === '' ? {} : { 'cloud.account.id': account }),
    ...attributes(headers['x-amz-firehose-common-attributes']),
  }
}

function attributes(header: string | string[] | undefined): JsonObject {
  if (typeof header !== 'string') return {}
  try {
    const value: unknown = JSON.parse(header)
    const common = isJsonObject(value) ? value['commonAttributes'] : undefined
    return isJsonObject(common) ? { labels: common } : {}
  } catch {
    return {}
  }
}
