import type { BodyLimits, BodyProcessor, ParsedBody, UploadedFile } from './body.ts'
import { readJson } from './json.ts'
import { type NamelessPart, readParts } from './multipart.ts'
import { readUrlencoded } from './urlencoded.ts'
import { readXml } from './xml.ts'

/** Batches hold change sets, and these requests. */
const DEEPEST = 4
/** Of the head of a request in a part. */
const MOST_LINES = 64

// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what no text has
const BINARY = /[\x00-\x08\x0e-\x1f]/

/**
 * Reads a multipart body that is no form by its type (`multipart/mixed`, `multipart/related`): many servers (Rack, Commons FileUpload,
 * formidable) take any of them for a form, and others each part by what it is: the root of a SOAP message with attachments, what is
 * said of an upload, the requests of a batch. Named parts are arguments and files; of the others, what is JSON, XML, a form or a
 * request is read as such, and other text is an argument. What is out of order counts where the body speaks of `form-data`,
 * or has no boundary that all agree on: mail and batches of requests are written in many ways.
 */
export const readOtherMultipart: BodyProcessor = (body, limits) => {
  const { parsed, nameless, isCut } = readParts(body, limits)
  if (parsed.files === undefined) return parsed
  const inside = new Inside(limits, 1)
  for (const part of nameless) inside.take(part)
  const isForm = /form-data/i.test(body)
  const args = [...(isForm ? parsed.args : parsed.args.filter(([name]) => name !== '')), ...inside.args]
  const { xml } = inside
  const files = [...(isForm ? parsed.files : parsed.files.filter(({ name }) => name !== '')), ...inside.files]
  const error = (isForm || isCut ? parsed.error : undefined) ?? inside.error
  const read: ParsedBody = { args, files, ...(xml === undefined ? {} : { xml }), ...(error === undefined ? {} : { error }) }
  return isForm ? { ...parsed, ...read } : read
}

/** What is in parts that have no name. */
class Inside {
  readonly args: (readonly [string, string])[] = []
  readonly files: UploadedFile[] = []
  error: string | undefined
  readonly #documents: NonNullable<ParsedBody['xml']>[] = []
  readonly #limits: BodyLimits
  readonly #depth: number

  constructor(limits: BodyLimits, depth: number) {
    this.#limits = limits
    this.#depth = depth
  }

  get xml(): ParsedBody['xml'] {
    const documents = this.#documents
    return documents.length === 0 ? undefined : { select: (path) => documents.flatMap(({ select }) => select(path)) }
  }

  take({ headers, content, isFile }: NamelessPart): void {
    const type =
      headers.map((line) => /^content-type[ \t]*:[ \t]*(.*)/i.exec(line)?.[1]).find((value) => value !== undefined) ?? ''
    const isDeep = this.#depth >= DEEPEST
    if (!isDeep && /^multipart\//i.test(type)) this.#parts(type, content)
    else if (!isDeep && /^application\/http\b/i.test(type)) this.#request(content)
    else if (/^application\/x-www-form-urlencoded/i.test(type)) this.#add(readUrlencoded(content, this.#within(type)))
    else this.#plain(type, content, isFile)
  }

  #plain(type: string, content: string, isFile: boolean): void {
    // What a part is counts as it reads, for its type may say anything.
    const first = /^(?:\u00ef\u00bb\u00bf)?[ \t\r\n]*(.)/.exec(content)?.[1]
    const read = first === '{' || first === '[' ? readJson : first === '<' || /\bxml\b/i.test(type) ? readXml : undefined
    const parsed = read?.(content, this.#within(type))
    if (parsed !== undefined) this.#add({ args: parsed.args, xml: parsed.xml })
    const isRead = isFile || (parsed !== undefined && parsed.error === undefined)
    if (!isRead && content !== '' && !BINARY.test(content)) this.#add({ args: [['', content]] })
  }

  #within(contentType: string): BodyLimits {
    return { ...this.#limits, contentType, argumentsLimit: Math.max(1, this.#limits.argumentsLimit - this.args.length) }
  }

  #add({ args, xml, error }: { readonly [key in 'args' | 'xml' | 'error']?: ParsedBody[key] | undefined }): void {
    const room = this.#limits.argumentsLimit - this.args.length
    if ((args?.length ?? 0) > room) this.error = `more than ${this.#limits.argumentsLimit} arguments`
    for (const each of args?.slice(0, Math.max(0, room)) ?? []) this.args.push(each)
    if (xml !== undefined) this.#documents.push(xml)
    this.error ??= error
  }

  #parts(type: string, content: string): void {
    const { parsed, nameless, isCut } = readParts(content, this.#within(type))
    const inside = new Inside(this.#within(type), this.#depth + 1)
    for (const part of nameless) inside.take(part)
    const args = [...parsed.args.filter(([name]) => name !== ''), ...inside.args]
    for (const file of [...(parsed.files ?? []), ...inside.files]) if (file.name !== '') this.files.push(file)
    this.#add({ args, xml: inside.xml, error: (isCut ? parsed.error : undefined) ?? inside.error })
  }

  /** `GET /a?b=c HTTP/1.1`, its headers and its body (RFC 9112 section 10.1). */
  #request(content: string): void {
    const head = /^[\s\S]*?\r?\n\r?\n/.exec(content)?.[0] ?? content
    const [line = '', ...headers] = head.trim().split(/\r?\n/, MOST_LINES)
    const [, target = ''] = line.split(/[ \t]/)
    const query = target.indexOf('?')
    if (query !== -1) this.#add({ args: readUrlencoded(target.slice(query + 1), this.#within('')).args })
    const inside = new Inside(this.#within(''), this.#depth + 1)
    inside.take({ headers, content: content.slice(head.length), isFile: false })
    this.#add(inside)
  }
}
