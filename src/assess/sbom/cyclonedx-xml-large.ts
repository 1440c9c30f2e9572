import type { SaxesTagNS } from 'saxes'
import { KanpekiError } from '../../kernel/error.ts'
import { type Bom, refusedBom } from './bom.ts'
import { cycloneDxReader, type Read, validateCycloneDx, type XmlPart } from './cyclonedx-xml.ts'

/** Elements below the root that hold nothing but a list of their kind: any part of it is as valid as the whole. */
const LISTS: ReadonlySet<string> = new Set(['components', 'services', 'dependencies', 'vulnerabilities'])
const PART_CHARS = 8 * 2 ** 20
/** So much is judged at once: loading the schema takes longer than judging a part by it. */
const PARTS_CHARS = 32 * 2 ** 20
/** What cannot be cut has to fit into the validator as a tree, which takes some ten times its length. */
const MOST_UNCUT_CHARS = 64 * 2 ** 20

/**
 * Reads a CycloneDX document in XML of any length in bounded memory: as it is parsed, long lists below its root are cut into
 * documents of some megabytes, each with the root's and the list's own tags around it, and these are judged by the published
 * XSD, and last what is left of the whole. That no reference is given twice, which only the whole can show, is looked at here.
 * @throws KanpekiError `sbom_invalid` with the line in the document, `sbom_too_large` where a part that cannot be cut is too long.
 */
export async function readLargeCycloneDxXml(text: Iterable<string>, file: string, part: number = PART_CHARS): Promise<Bom> {
  const judge = async (version: Read['version'], parts: readonly XmlPart[]): Promise<void> => {
    const faults = [...(await validateCycloneDx(version, parts)).values()].flat()
    if (faults.length > 0) throw refusedBom(file, `CycloneDX ${version}`, faults)
  }
  const cutting = cutCycloneDxXml(text, file, part)
  let waiting: XmlPart[] = []
  let chars = 0
  for (;;) {
    const { value, done } = cutting.next()
    if (done === true) {
      if (waiting.length > 0) await judge(value.version, waiting)
      return { format: 'CycloneDX', ...value }
    }
    waiting.push(value)
    chars += value.text.length
    if (chars < PARTS_CHARS) continue
    await judge(value.version, waiting)
    ;[waiting, chars] = [[], 0]
  }
}

/** A part with the version that it says it is of. */
export interface CutPart extends XmlPart {
  readonly version: Read['version']
}

/** Parses a document and gives it part by part, the frame that held them last. @returns what it lists. @throws as above. */
export function* cutCycloneDxXml(text: Iterable<string>, file: string, part: number = PART_CHARS): Generator<CutPart, Read> {
  const cutter = cutterOf(file, part)
  for (const some of text) for (const one of cutter.write(some)) yield { ...one, version: cutter.read().version }
  for (const one of cutter.close()) yield { ...one, version: cutter.read().version }
  return cutter.read()
}

interface List {
  readonly name: string
  readonly head: string
  /** Where what is not given away yet begins, and in which line. */
  from: number
  line: number
  /** Where the last item ended. */
  end: number
  endLine: number
  /** Items of its own kind; those of other namespaces belong to the one before them. */
  items: number
}

function cutterOf(file: string, part: number) {
  /** What was read and is neither in a part nor in the frame, and where that begins. */
  let raw = ''
  let base = 0
  let root: { readonly name: string; readonly uri: string; readonly head: string } | undefined
  let list: List | undefined
  const frame: string[] = []
  let framed = 0
  const gaps: { readonly after: number; readonly lines: number }[] = []
  /** Lines that are in no frame. */
  let left = 0
  let parts: XmlPart[] = []
  const references = new Set<string>()
  const twice = (reference: string): KanpekiError =>
    refusedBom(file, 'CycloneDX', [`line ${parser.line}: the bom-ref ${reference} is given twice`])
  /** Takes away all until a place. */
  const take = (until: number): string => {
    const taken = raw.slice(0, until - base)
    raw = raw.slice(until - base)
    base = until
    return taken
  }
  const keep = (taken: string): void => {
    frame.push(taken)
    framed += taken.length
    if (framed > MOST_UNCUT_CHARS) throw tooLong(file)
  }
  const give = (until: number, line: number): void => {
    const { name, head } = list!
    const taken = take(until)
    if (taken.length > MOST_UNCUT_CHARS) throw tooLong(file)
    parts.push({ text: `${root!.head}${head}${taken}</${name}></${root!.name}>`, line: list!.line })
    gaps.push({ after: list!.line - left, lines: line - list!.line })
    left += line - list!.line
    ;[list!.from, list!.line] = [until, line]
  }
  const here = () => ({ from: parser.position, line: parser.line, end: parser.position, endLine: parser.line })
  const opened = (tag: SaxesTagNS, depth: number): void => {
    const reference = tag.attributes['bom-ref']
    if (reference !== undefined && reference.uri === '') {
      if (references.has(reference.value)) throw twice(reference.value)
      references.add(reference.value)
    }
    if (depth === 1) {
      const head = take(parser.position)
      keep(head)
      root = { name: tag.name, uri: tag.uri, head: oneLine(head) }
    } else if (depth === 2 && tag.uri === root?.uri && LISTS.has(tag.local) && !tag.isSelfClosing) {
      const head = take(parser.position)
      keep(head)
      list = { name: tag.name, head: oneLine(tagIn(head)), ...here(), items: 0 }
    } else if (depth === 3 && list !== undefined && tag.uri === root?.uri) {
      list.items += 1
      // The first stays in the frame: a list of nothing might be none.
      if (list.items === 2) {
        keep(take(list.end))
        ;[list.from, list.line] = [list.end, list.endLine]
      } else if (list.items > 2 && list.end - list.from >= part) give(list.end, list.endLine)
    }
  }
  const closed = (_tag: SaxesTagNS, depth: number): void => {
    if (list === undefined) return
    if (depth === 3) {
      list.end = parser.position
      list.endLine = parser.line
    } else if (depth === 2) {
      const end = base + raw.lastIndexOf('</', parser.position - base)
      if (end > list.from && list.items > 1) give(end, parser.line)
      list = undefined
    }
  }
  const { parser, read } = cycloneDxReader(file, { opened, closed })
  const given = (): readonly XmlPart[] => {
    const all = parts
    parts = []
    return all
  }
  return {
    read,
    write(some: string): readonly XmlPart[] {
      raw += some
      parser.write(some)
      if (raw.length > MOST_UNCUT_CHARS + part) throw tooLong(file)
      return given()
    },
    close(): readonly XmlPart[] {
      parser.close()
      keep(raw)
      return [...given(), { text: frame.join(''), line: 1, gaps }]
    },
  }
}

/** The last tag of a text, without what stands before it. */
function tagIn(text: string): string {
  return text.slice(text.lastIndexOf('<'))
}

/** So that lines of a part are counted from its own beginning. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ')
}

function tooLong(file: string): KanpekiError {
  return new KanpekiError(
    'sbom_too_large',
    `${file} has a part of more than ${MOST_UNCUT_CHARS / 2 ** 20} MB that cannot be judged by itself.`,
    {
      place: { file },
      remedy: 'Have its maker write it as JSON, or split it by component.',
    },
  )
}
