import type { BodyProcessor } from './body.ts'
import { readMultipart } from './multipart.ts'

/**
 * Reads a multipart body that is no form by its type (`multipart/mixed`, `multipart/related`): many servers (Rack, Commons FileUpload,
 * formidable) take any of them for a form. Only named parts are arguments and files. What is out of order counts where the body speaks of
 * `form-data`, or has no boundary that all agree on: mail and batches of requests are written in many ways.
 */
export const readOtherMultipart: BodyProcessor = (body, limits) => {
  const parsed = readMultipart(body, limits)
  if (parsed.files === undefined || /form-data/i.test(body)) return parsed
  return { args: parsed.args.filter(([name]) => name !== ''), files: parsed.files.filter(({ name }) => name !== '') }
}
