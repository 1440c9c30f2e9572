import { readMultipart } from '../body/multipart.ts'
import { type HeaderLine, headerOf } from '../proxy/http1/headers.ts'

export interface Upload {
  readonly name: string
  readonly content: Buffer
}

const MOST_FILES = 50

/** Files in a request: parts of a form that have a file's name, or a body that is neither form nor JSON. */
export function uploadsOf(headers: readonly HeaderLine[], body: Buffer): Upload[] {
  const type = headerOf(headers, 'content-type') ?? ''
  if (body.length === 0 || /^application\/(?:x-www-form-urlencoded|(?:[^;]*\+)?json)/i.test(type)) return []
  if (!/^multipart\//i.test(type)) return [{ name: 'body', content: body }]
  const limits = { contentType: type, argumentSeparator: '&', argumentsLimit: 1000, depthLimit: 64 }
  const { files = [], error } = readMultipart(body.toString('latin1'), limits)
  // What our reader cannot take apart another one may: looked at as it is.
  if (error !== undefined || files.length > MOST_FILES) return [{ name: 'body', content: body }]
  return files.map(({ name, content }) => ({ name, content: Buffer.from(content, 'latin1') }))
}
