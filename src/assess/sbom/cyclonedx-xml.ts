import { SaxesParser, type SaxesTagNS } from 'saxes'
import { memoryPages, validateXML } from 'xmllint-wasm'
import { KanpekiError } from '../../kernel/error.ts'
import { type Bom, type Component, refusedBom } from './bom.ts'
import { CYCLONEDX_VERSIONS, type CycloneDxVersion, publishedSchema } from './cyclonedx-schema.ts'

const NAMESPACE = /^http:\/\/cyclonedx\.org\/schema\/bom\/(\d\.\d)$/
/** What the validator may use; its worker ends where it needs more. */
const MOST_MEMORY = memoryPages.GiB

export interface Read {
  readonly version: CycloneDxVersion
  readonly subject: string | null
  readonly components: readonly Component[]
}

/** A document, and what it was taken for. */
export interface XmlDocument {
  readonly file: string
  readonly text: string
}

/**
 * Reads CycloneDX documents in XML, 1.0 to 1.7: first strictly and without any entity of their own (a DOCTYPE is refused:
 * that is how entities multiply and files are read), then against the published XSD, all of a version at once, since
 * loading that takes longer than judging by it.
 * @returns in the order given, a bill or the KanpekiError `sbom_invalid` that refuses it.
 */
export async function readCycloneDxXml(documents: readonly XmlDocument[]): Promise<readonly (Bom | KanpekiError)[]> {
  const read = documents.map(({ text, file }) => {
    try {
      return parse(text, file)
    } catch (error) {
      if (error instanceof KanpekiError) return error
      throw error
    }
  })
  const answers = new Map<number, Bom | KanpekiError>()
  for (const version of CYCLONEDX_VERSIONS) {
    const places = read.flatMap((one, at) => (!(one instanceof KanpekiError) && one.version === version ? [at] : []))
    if (places.length === 0) continue
    const faults = await validateCycloneDx(
      version,
      places.map((at) => ({ text: documents[at]!.text, line: 1 })),
    )
    for (const [number, at] of places.entries()) {
      const { subject, components } = read[at] as Read
      const found = faults.get(number) ?? []
      const bom = { format: 'CycloneDX', version, subject, components } as const
      answers.set(at, found.length === 0 ? bom : refusedBom(documents[at]!.file, `CycloneDX ${version}`, found))
    }
  }
  return read.map((one, at) => (one instanceof KanpekiError ? one : answers.get(at)!))
}

/** A document for the validator, and in which line of the whole it begins. */
export interface XmlPart {
  readonly text: string
  readonly line: number
  /** After which of its lines so many are left out. */
  readonly gaps?: readonly { readonly after: number; readonly lines: number }[]
}

/** The faults of each document, by its place. @throws what the validator died of. */
export async function validateCycloneDx(
  version: CycloneDxVersion,
  parts: readonly XmlPart[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const { valid, errors } = await validateXML({
    xml: parts.map(({ text }, at) => ({ fileName: `${at}.xml`, contents: text })),
    schema: [{ fileName: `bom-${version}.SNAPSHOT.xsd`, contents: publishedSchema(`bom-${version}.SNAPSHOT.xsd`) }],
    preload: [{ fileName: 'spdx.SNAPSHOT.xsd', contents: publishedSchema('spdx.SNAPSHOT.xsd') }],
    initialMemoryPages: 256,
    maxMemoryPages: MOST_MEMORY,
  })
  if (valid) return new Map()
  const said = errors.map(({ message, loc }) => {
    const at = Number.parseInt(loc?.fileName ?? '0', 10)
    const line = loc?.lineNumber === undefined ? '?' : lineIn(parts[at]!, loc.lineNumber)
    return { at, text: `line ${line}: ${plain(message)}` }
  })
  return new Map([...Map.groupBy(said, ({ at }) => at)].map(([at, group]) => [at, group.map(({ text }) => text)]))
}

/** The line of the whole that is this one of a part. */
function lineIn({ line, gaps = [] }: XmlPart, number: number): number {
  const left = gaps.filter(({ after }) => after < number).reduce((sum, { lines }) => sum + lines, 0)
  return line - 1 + number + left
}

/** libxml2 repeats the namespace before every name. */
function plain(message: string): string {
  return message.replaceAll(/\{http:\/\/cyclonedx\.org\/schema\/[^}]*\}/g, '').trim()
}

interface Open {
  readonly name: string
  readonly component?: { -readonly [Key in keyof Component]: Component[Key] } & { group: string | null }
  text: string
}

function parse(text: string, file: string): Read {
  const reader = cycloneDxReader(file)
  reader.parser.write(text).close()
  return reader.read()
}

/** What is told of the document's elements, outermost first; places are in characters since its beginning. */
export interface Watch {
  readonly opened?: (tag: SaxesTagNS, depth: number) => void
  readonly closed?: (tag: SaxesTagNS, depth: number) => void
}

/** A strict parser that collects components as it is written to. @throws KanpekiError `sbom_invalid`, from its `write` and `close`. */
export function cycloneDxReader(
  file: string,
  watch: Watch = {},
): { readonly parser: SaxesParser<{ xmlns: true; position: true }>; readonly read: () => Read } {
  let version: CycloneDxVersion | undefined
  let subject: string | null = null
  const components: Component[] = []
  const open: Open[] = []
  const parser = new SaxesParser({ xmlns: true, position: true })
  const fail = (reason: string): never => {
    throw refusedBom(file, 'CycloneDX', [`line ${parser.line}: ${reason}`])
  }
  parser.on('error', (error) => fail(error.message.replace(/^\d+:\d+: /, '')))
  parser.on('doctype', () => fail('it has a DOCTYPE, which no bill of materials needs'))
  parser.on('opentag', (tag: SaxesTagNS) => {
    const [, found] = NAMESPACE.exec(tag.uri) ?? []
    if (open.length === 0) {
      version = CYCLONEDX_VERSIONS.find((one) => one === found)
      if (tag.local !== 'bom' || version === undefined) fail(`its root is ${tag.local} of '${tag.uri}', not a bom of 1.0 to 1.7`)
    }
    const own = found !== undefined
    if (!own || tag.local !== 'component') open.push({ name: own ? tag.local : '', text: '' })
    else
      open.push({
        name: 'component',
        text: '',
        component: {
          name: '',
          group: null,
          version: null,
          purl: null,
          cpe: null,
          type: tag.attributes['type']?.value ?? 'library',
          ref: tag.attributes['bom-ref']?.value ?? null,
        },
      })
    watch.opened?.(tag, open.length)
  })
  const addText = (part: string): void => {
    const top = open[open.length - 1]
    if (top !== undefined && FIELDS.has(top.name)) top.text += part
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', (tag: SaxesTagNS) => {
    watch.closed?.(tag, open.length)
    const closed = open.pop()!
    const parent = open[open.length - 1]
    const value = closed.text.trim()
    if (parent?.component !== undefined && isField(closed.name) && value !== '') parent.component[closed.name] = value
    if (closed.component === undefined) return
    const { group, name, ...rest } = closed.component
    const component = { ...rest, name: group === null ? name : `${group}/${name}` }
    if (parent?.name === 'metadata') subject = component.purl ?? component.name
    else if (isInstalled(open)) components.push(component)
  })
  return { parser, read: () => ({ version: version ?? fail('it is empty'), subject, components }) }
}

const FIELDS: ReadonlySet<string> = new Set(['name', 'group', 'version', 'purl', 'cpe'])

function isField(name: string): name is 'name' | 'group' | 'version' | 'purl' | 'cpe' {
  return FIELDS.has(name)
}

/** Whether what closed stands in the list of the bill or of a component in it: tools and targets of claims have lists, too. */
function isInstalled(around: readonly Open[]): boolean {
  return around.length > 1 && around.length % 2 === 0 && around.every(({ name }, at) => name === (at === 0 ? 'bom' : WAY[at % 2]))
}

const WAY = ['component', 'components'] as const
