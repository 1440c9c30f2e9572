import type { FastifyInstance } from 'fastify'
import { KanpekiError } from '../kernel/error.ts'

/**
 * Reads bodies of JSON as UTF-8, the only encoding that JSON has between programs (RFC 8259 §8.1). What is not would be
 * taken with its letters replaced: a note in Shift_JIS, or one that Windows PowerShell 5 sends as Latin-1, is kept forever.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const readJson = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  for (const type of ['application/json', 'application/scim+json'])
    app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer' }, (request, body, done) => {
      try {
        refuseOtherForms(request.headers['content-type'], request.headers['content-encoding'])
        // SCIM clients name the type on a DELETE too.
        if (body.length === 0 && type === 'application/scim+json') done(null, undefined)
        else readJson(request, textOf(body), done)
      } catch (error) {
        done(error as Error)
      }
    })
}

function refuseOtherForms(type = '', coding = 'identity'): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1]?.toLowerCase() ?? 'utf-8'
  if (!['utf-8', 'utf8', 'us-ascii'].includes(charset))
    throw new KanpekiError('unsupported_media_type', 'JSON is read in UTF-8 only.', { remedy: 'Send the body in UTF-8.' })
  if (coding.toLowerCase() !== 'identity')
    throw new KanpekiError('unsupported_media_type', 'A JSON body is read uncompressed only.', {
      remedy: 'Leave Content-Encoding out; events may be compressed, at the paths that take them.',
    })
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new KanpekiError('invalid_input', 'The body is not UTF-8.', { remedy: 'Send JSON in UTF-8.' })
  }
}
