import type { BodyProcessor, XmlDocument } from './body.ts'
import { utf8 } from './json.ts'
import { compilePath, type XmlNode } from './xml-path.ts'

/** Characters that entities of a document type may add in all: a document of nested entities ends here. */
const MOST_ENTITY_TEXT = 65_536

/**
 * Reads XML without loading anything from outside. Entities that the document declares for itself are put in as their
 * text, so that nothing hides behind one; external ones stay unread. A fault ends the reading, and what stood before it
 * is still searched.
 */
export const readXml: BodyProcessor = (body, limits) => {
  const reader = new XmlReader(decodeUtf16(body), limits.depthLimit, limits.argumentsLimit)
  const error = reader.read()
  return { args: [], xml: documentOf(reader.root), ...(error === undefined ? {} : { error: `XML: ${error}` }) }
}

function documentOf(root: XmlNode): XmlDocument {
  const known = new Map<string, readonly string[]>()
  return {
    select: (path) => {
      let texts = known.get(path)
      if (texts === undefined) {
        texts = compilePath(path)(root)
        known.set(path, texts)
      }
      return texts
    },
  }
}

/** UTF-16, told by its mark or by the zero bytes around the first `<`, becomes UTF-8. */
function decodeUtf16(body: string): string {
  const big = body.startsWith('\u00fe\u00ff') || body.startsWith('\0<')
  const little = body.startsWith('\u00ff\u00fe') || body.startsWith('<\0')
  if (!big && !little) return body
  const bytes = Buffer.from(body, 'latin1')
  const even = bytes.subarray(0, bytes.length & ~1)
  return Buffer.from((big ? Buffer.from(even).swap16() : even).toString('utf16le'), 'utf8').toString('latin1')
}

/** An entity may stand in another's text, and so on. */
const DEEPEST_ENTITY = 8

const REFERENCE = /&(#[xX]?[0-9a-fA-F]{1,8}|[^\s;&<]{1,64});/g
const NAME = /[^\s/>=<'"]+/y

class XmlReader {
  readonly #text: string
  readonly #depth: number
  readonly #most: number
  readonly #entities = new Map<string, string>()
  #entityText = 0
  #nodes = 0
  #at = 0
  readonly root: XmlNode = { name: '', attributes: [], children: [] }

  constructor(text: string, depth: number, most: number) {
    this.#text = text
    this.#depth = depth
    this.#most = most * 4
  }

  /** The first fault, or undefined. */
  read(): string | undefined {
    const open: XmlNode[] = [this.root]
    const text = this.#text
    while (this.#at < text.length) {
      const less = text.indexOf('<', this.#at)
      const end = less < 0 ? text.length : less
      if (end > this.#at) {
        const fault = this.#textNode(open, text.slice(this.#at, end))
        if (fault !== undefined) return fault
      }
      if (less < 0) break
      this.#at = less
      const fault = this.#markup(open)
      if (fault !== undefined) return `${fault} at byte ${this.#at}`
    }
    if (open.length > 1) return `<${open.at(-1)!.name}> does not end`
    return this.root.children.some((child) => typeof child !== 'string') ? undefined : 'there is no element'
  }

  #textNode(open: readonly XmlNode[], raw: string): string | undefined {
    if (open.length === 1) {
      if (/^[\s\u00ef\u00bb\u00bf]*$/.test(raw)) {
        this.#at += raw.length
        return undefined
      }
      // Kept, for what is behind may be less strict.
      this.root.children.push(raw)
      this.#at += raw.length
      return `text outside of the document at byte ${this.#at}`
    }
    open.at(-1)!.children.push(this.#expand(raw))
    this.#at += raw.length
    return undefined
  }

  #markup(open: XmlNode[]): string | undefined {
    const text = this.#text
    if (text.startsWith('<!--', this.#at)) return this.#past('-->', 'a comment does not end')
    if (text.startsWith('<![CDATA[', this.#at)) {
      const end = text.indexOf(']]>', this.#at)
      open.at(-1)!.children.push(text.slice(this.#at + 9, end < 0 ? text.length : end))
      return this.#past(']]>', 'a CDATA section does not end')
    }
    if (text.startsWith('<?', this.#at)) return this.#past('?>', 'an instruction does not end')
    if (text.startsWith('<!', this.#at)) return this.#doctype()
    if (text.startsWith('</', this.#at)) return this.#close(open)
    return this.#element(open)
  }

  #past(mark: string, fault: string): string | undefined {
    const end = this.#text.indexOf(mark, this.#at)
    if (end < 0) {
      this.#at = this.#text.length
      return fault
    }
    this.#at = end + mark.length
    return undefined
  }

  #close(open: XmlNode[]): string | undefined {
    const end = this.#text.indexOf('>', this.#at)
    if (end < 0) return 'a closing tag does not end'
    const name = this.#text.slice(this.#at + 2, end).trim()
    if (open.length === 1 || open.at(-1)!.name !== name) return `</${name.slice(0, 40)}> closes nothing`
    open.pop()
    this.#at = end + 1
    return undefined
  }

  #element(open: XmlNode[]): string | undefined {
    const text = this.#text
    const name = this.#name(this.#at + 1)
    if (name === undefined) return 'an element has no name'
    if (open.length > this.#depth) return 'too deep'
    if (++this.#nodes > this.#most) return `more than ${this.#most} elements and attributes`
    const node: XmlNode = { name, attributes: [], children: [] }
    open.at(-1)!.children.push(node)
    this.#at += 1 + name.length
    for (;;) {
      this.#blanks()
      if (text[this.#at] === '>') {
        this.#at += 1
        open.push(node)
        return undefined
      }
      if (text.startsWith('/>', this.#at)) {
        this.#at += 2
        return undefined
      }
      const fault = this.#attribute(node)
      if (fault !== undefined) return fault
    }
  }

  #attribute(node: XmlNode): string | undefined {
    const text = this.#text
    const name = this.#name(this.#at)
    if (name === undefined) return 'a tag does not end'
    if (++this.#nodes > this.#most) return `more than ${this.#most} elements and attributes`
    this.#at += name.length
    this.#blanks()
    if (text[this.#at] !== '=') return `the attribute ${name.slice(0, 40)} has no value`
    this.#at += 1
    this.#blanks()
    const quote = text[this.#at]
    if (quote !== '"' && quote !== "'") return `the value of ${name.slice(0, 40)} has no quotes`
    const end = text.indexOf(quote, this.#at + 1)
    if (end < 0) return `the value of ${name.slice(0, 40)} does not end`
    node.attributes.push([name, this.#expand(text.slice(this.#at + 1, end))])
    this.#at = end + 1
    return undefined
  }

  #blanks(): void {
    while (/^\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #name(at: number): string | undefined {
    NAME.lastIndex = at
    return NAME.exec(this.#text)?.[0]
  }

  /** Takes the entities of an internal subset; everything else in it is passed over. */
  #doctype(): string | undefined {
    const text = this.#text
    const bracket = text.indexOf('[', this.#at)
    const end = text.indexOf('>', this.#at)
    if (end < 0) return 'a declaration does not end'
    if (bracket < 0 || bracket > end) {
      this.#at = end + 1
      return undefined
    }
    const close = text.indexOf(']', bracket)
    const subset = text.slice(bracket + 1, close < 0 ? text.length : close)
    for (const [, name, double, single] of subset.matchAll(/<!ENTITY\s+(?:%\s+)?([^\s>"']+)\s+(?:"([^"]*)"|'([^']*)')/g)) {
      if (!this.#entities.has(name!)) this.#entities.set(name!, double ?? single ?? '')
    }
    this.#at = close < 0 ? text.length : close
    return this.#past('>', 'a declaration does not end')
  }

  #expand(raw: string, depth = 0): string {
    if (!raw.includes('&')) return raw
    return raw.replace(REFERENCE, (whole, name: string) => this.#entity(whole, name, depth))
  }

  #entity(whole: string, name: string, depth: number): string {
    if (name[0] === '#') {
      const hexadecimal = name[1] === 'x' || name[1] === 'X'
      const point = Number.parseInt(name.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10)
      return point <= 0x10ffff ? utf8(point) : whole
    }
    const known = PREDEFINED[name]
    if (known !== undefined) return known
    const text = this.#entities.get(name)
    if (text === undefined || depth >= DEEPEST_ENTITY || this.#entityText + text.length > MOST_ENTITY_TEXT) return whole
    this.#entityText += text.length + 1
    return this.#expand(text, depth + 1)
  }
}

const PREDEFINED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
