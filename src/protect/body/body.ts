/** What a body processor found. All texts are byte strings. */
export interface ParsedBody {
  /** Arguments in the order they came, names and values decoded. */
  readonly args: readonly (readonly [name: string, value: string])[]
  readonly files?: readonly UploadedFile[]
  /** Lines of the headers of a multipart body's parts, with the name of their part. */
  readonly partHeaders?: readonly (readonly [part: string, line: string])[]
  readonly xml?: XmlDocument
  /** Why the body could not be read to its end; what was read before is there. */
  readonly error?: string
  /** Faults of a multipart body, by the name of their variable (`MULTIPART_STRICT_ERROR`…), of which value 1 is kept. */
  readonly flags?: ReadonlySet<string>
}

export interface UploadedFile {
  /** The field's name. */
  readonly name: string
  /** The name of the file as the client wrote it. */
  readonly filename: string
  readonly size: number
  readonly content: string
}

export interface XmlDocument {
  /** Texts that an XPath of `XML` selects. */
  readonly select: (path: string) => readonly string[]
}

export interface BodyLimits {
  readonly contentType: string
  readonly argumentSeparator: string
  readonly argumentsLimit: number
  readonly depthLimit: number
}

/** Reads a body, a byte string. Never throws; time linear in the body. */
export type BodyProcessor = (body: string, limits: BodyLimits) => ParsedBody
