import type { BodyProcessor, XmlDocument } from './body.ts'
import { type AttributeDefaults, readSubset } from './xml-doctype.ts'
import { decodedXml } from './xml-encoding.ts'
import { withoutTags, XmlEntities } from './xml-entities.ts'
import { compilePath, type XmlNode } from './xml-path.ts'

/**
 * Reads XML without loading anything from outside. Entities that the document declares for itself are put in as their
 * text, so that nothing hides behind one; external ones stay unread. A fault ends the reading, and what stood before it
 * is still searched.
 */
export const readXml: BodyProcessor = (body, limits) => {
  const { text, fault } = decodedXml(body, limits.contentType)
  const reader = new XmlReader(text, limits.depthLimit, limits.argumentsLimit)
  const error = reader.read() ?? fault
  return { args: [], xml: documentOf(reader.root, reader.asides), ...(error === undefined ? {} : { error: `XML: ${error}` }) }
}

function documentOf(root: XmlNode, asides: readonly string[]): XmlDocument {
  const known = new Map<string, readonly string[]>()
  return {
    select: (path) => {
      let texts = known.get(path)
      if (texts === undefined) {
        texts = compilePath(path)(root)
        if (path === '/*' || path === '//*') texts = texts.concat(asides)
        known.set(path, texts)
      }
      return texts
    },
  }
}

// Blanks are named: `\s` would take the byte A0 in, which is a part of many letters in UTF-8.
const NAME = /[^ \t\r\n/>=<'"]+/y
const BLANKS = /[ \t\r\n]*/y

class XmlReader {
  readonly #text: string
  readonly #depth: number
  readonly #most: number
  readonly #entities = new XmlEntities()
  readonly #defaults: AttributeDefaults = new Map()
  #nodes = 0
  #at = 0
  /** What comments and instructions say, which are no content to a parser, but to what searches the text itself. */
  readonly asides: string[] = []
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
    return this.root.children.some((child) => typeof child !== 'string') ? this.#entities.fault : 'there is no element'
  }

  #textNode(open: readonly XmlNode[], raw: string): string | undefined {
    if (open.length === 1) {
      if (/^(?:\u00ef\u00bb\u00bf)?[ \t\r\n]*$/.test(raw)) {
        this.#at += raw.length
        return undefined
      }
      // Kept, for what is behind may be less strict.
      this.root.children.push(raw)
      this.#at += raw.length
      return `text outside of the document at byte ${this.#at}`
    }
    open.at(-1)!.children.push(this.#entities.expand(raw))
    this.#at += raw.length
    return undefined
  }

  #markup(open: XmlNode[]): string | undefined {
    const text = this.#text
    if (text.startsWith('<!--', this.#at)) return this.#aside('-->', 4, 'a comment does not end')
    if (text.startsWith('<![CDATA[', this.#at)) {
      const end = text.indexOf(']]>', this.#at)
      open.at(-1)!.children.push(text.slice(this.#at + 9, end < 0 ? text.length : end))
      return this.#past(']]>', 9, 'a CDATA section does not end')
    }
    if (text.startsWith('<?', this.#at)) return this.#aside('?>', 2, 'an instruction does not end')
    if (text.startsWith('<!', this.#at)) return open.length === 1 ? this.#doctype() : 'a declaration within the document'
    if (text.startsWith('</', this.#at)) return this.#close(open)
    return this.#element(open)
  }

  #aside(mark: string, from: number, fault: string): string | undefined {
    const start = this.#at
    const isBroken = this.#past(mark, from, fault)
    const whole = this.#text.slice(start, this.#at)
    const said = from === 2 ? whole : withoutTags(whole.slice(from, isBroken === undefined ? -mark.length : undefined)).trim()
    if (said === '' || /^<\?xml[ \t\r\n]/.test(said)) return isBroken
    if (++this.#nodes > this.#most) return `more than ${this.#most} elements and attributes`
    this.asides.push(said)
    return isBroken
  }

  /** `from`: how long the mark is that opens it. */
  #past(mark: string, from: number, fault: string): string | undefined {
    const end = this.#text.indexOf(mark, this.#at + from)
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
    const name = this.#text.slice(this.#at + 2, end).replace(/[ \t\r\n]+$/, '')
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
        return this.#addDefaults(node)
      }
      if (text.startsWith('/>', this.#at)) {
        this.#at += 2
        return this.#addDefaults(node)
      }
      const fault = this.#attribute(node)
      if (fault !== undefined) return fault
    }
  }

  #addDefaults(node: XmlNode): string | undefined {
    for (const [name, value] of this.#defaults.get(node.name) ?? []) {
      if (++this.#nodes > this.#most) return `more than ${this.#most} elements and attributes`
      if (!node.attributes.some(([own]) => own === name)) node.attributes.push([name, this.#entities.expand(value)])
    }
    return undefined
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
    node.attributes.push([name, this.#entities.expand(text.slice(this.#at + 1, end))])
    this.#at = end + 1
    return undefined
  }

  #blanks(): void {
    BLANKS.lastIndex = this.#at
    this.#at += BLANKS.exec(this.#text)![0].length
  }

  #name(at: number): string | undefined {
    NAME.lastIndex = at
    return NAME.exec(this.#text)?.[0]
  }

  /** Declarations of its own are read; what lies outside is not. */
  #doctype(): string | undefined {
    const text = this.#text
    if (!/^<!DOCTYPE[ \t\r\n]/.test(text.slice(this.#at, this.#at + 10))) return 'a declaration within the document'
    for (; this.#at < text.length && text[this.#at] !== '>' && text[this.#at] !== '['; this.#at++) {
      const sign = text[this.#at]!
      if (sign !== '"' && sign !== "'") continue
      this.#at = text.indexOf(sign, this.#at + 1)
      if (this.#at === -1) {
        this.#at = text.length
        return 'a declaration does not end'
      }
    }
    if (text[this.#at] === '[') {
      const close = readSubset(text, this.#at + 1, this.#entities, this.#defaults)
      if (typeof close !== 'number') return close.fault
      this.#at = close + 1
      this.#blanks()
    }
    if (text[this.#at] !== '>') return 'a declaration does not end'
    this.#at += 1
    return undefined
  }
}
