import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { type Draft, safeKey } from './draft.ts'

const MAX_DEPTH = 32
const MAX_ELEMENTS = 5_000

/**
 * The small part of XML 1.0 that logs are written in, as evtx dumpers turn it into JSON: attributes as `#attributes`, text as the
 * value or as `#text`, elements of one name as a list. No document type, so no entities but XML's own: what has one is refused.
 *
 * @returns the root element by its name, or the reason why there is none.
 */
export function readXml(text: string): JsonObject | string {
  const reader = new Reader(text)
  const value = reader.document()
  return reader.fault ?? value
}

class Reader {
  fault: string | undefined
  private readonly text: string
  private at = 0
  private elements = 0

  constructor(text: string) {
    this.text = text
  }

  document(): JsonObject {
    this.skipSpace()
    if (this.text.startsWith('<?xml', this.at)) {
      const end = this.text.indexOf('?>', this.at)
      this.at = end < 0 ? this.text.length : end + 2
      this.skipSpace()
    }
    const root = this.element(0)
    if (root === undefined) return {}
    this.skipSpace()
    if (this.at < this.text.length) this.fail('something behind the root element')
    return { [root.name]: root.value }
  }

  private element(depth: number): { readonly name: string; readonly value: JsonValue } | undefined {
    if (this.text.charCodeAt(this.at) !== 60) return this.fail('no element')
    if (depth >= MAX_DEPTH) return this.fail(`nested deeper than ${MAX_DEPTH} elements`)
    if (++this.elements > MAX_ELEMENTS) return this.fail(`more than ${MAX_ELEMENTS} elements`)
    this.at++
    const name = this.name()
    if (name === '') return this.fail('an element without a name')
    const attributes = this.attributes()
    if (attributes === undefined) return undefined
    if (this.text.startsWith('/>', this.at)) {
      this.at += 2
      return { name, value: elementValue(attributes, {}, '') }
    }
    this.at++
    const content = this.content(name, depth)
    return content === undefined ? undefined : { name, value: elementValue(attributes, content.children, content.text) }
  }

  /** Up to `>` or `/>`, which stays. */
  private attributes(): Draft | undefined {
    const attributes: Draft = {}
    for (;;) {
      this.skipSpace()
      const code = this.text.charCodeAt(this.at)
      if (code === 62 || (code === 47 && this.text.charCodeAt(this.at + 1) === 62)) return attributes
      const name = this.name()
      this.skipSpace()
      if (name === '' || this.text[this.at] !== '=') return this.fail('a torn attribute')
      this.at++
      this.skipSpace()
      const quote = this.text[this.at]
      if (quote !== '"' && quote !== "'") return this.fail('an attribute without quotation marks')
      const end = this.text.indexOf(quote, this.at + 1)
      if (end < 0) return this.fail('a torn attribute')
      const value = this.unescape(this.text.slice(this.at + 1, end))
      if (value === undefined) return undefined
      attributes[safeKey(name)] = value
      this.at = end + 1
    }
  }

  private content(name: string, depth: number): { readonly children: Draft; readonly text: string } | undefined {
    const children: Draft = {}
    let text = ''
    for (;;) {
      const open = this.text.indexOf('<', this.at)
      if (open < 0) return this.fail(`no end of <${name.slice(0, 64)}>`)
      const piece = this.unescape(this.text.slice(this.at, open))
      if (piece === undefined) return undefined
      text += piece
      this.at = open
      if (this.text.startsWith('</', open)) {
        this.at += 2
        if (this.name() !== name) return this.fail(`another end than that of <${name.slice(0, 64)}>`)
        this.skipSpace()
        if (this.text[this.at] !== '>') return this.fail('a torn end of an element')
        this.at++
        return { children, text }
      }
      if (this.text.startsWith('<![CDATA[', open)) {
        const end = this.text.indexOf(']]>', open)
        if (end < 0) return this.fail('a torn CDATA section')
        text += this.text.slice(open + 9, end)
        this.at = end + 3
        continue
      }
      if (this.text.startsWith('<!--', open)) {
        const end = this.text.indexOf('-->', open + 4)
        if (end < 0) return this.fail('a torn comment')
        this.at = end + 3
        continue
      }
      const child = this.element(depth + 1)
      if (child === undefined) return undefined
      add(children, safeKey(child.name), child.value)
    }
  }

  private name(): string {
    const from = this.at
    while (isNameCode(this.text.charCodeAt(this.at))) this.at++
    return this.text.slice(from, this.at)
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.at++
    }
  }

  private unescape(text: string): string | undefined {
    if (!text.includes('&')) return text
    let unknown: string | undefined
    const read = text.replace(/&([^;&]{0,32});?/g, (whole, name: string) => {
      const value = whole.endsWith(';') ? entity(name) : undefined
      if (value === undefined) unknown ??= name
      return value ?? whole
    })
    return unknown === undefined ? read : this.fail(`an entity that XML does not have: &${unknown}`)
  }

  private fail(reason: string): undefined {
    this.fault ??= reason
    return undefined
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function entity(name: string): string | undefined {
  if (name.charCodeAt(0) !== 35) return ENTITIES.get(name)
  const code = /^#x[0-9a-f]{1,6}$/i.test(name)
    ? Number.parseInt(name.slice(2), 16)
    : /^#\d{1,7}$/.test(name)
      ? +name.slice(1)
      : -1
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined
}

/** Letters, digits, `:`, `_`, `-`, `.` and all beyond ASCII. */
function isNameCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 58) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    code > 127
  )
}

function add(children: Draft, name: string, value: JsonValue): void {
  const there = Object.hasOwn(children, name) ? children[name] : undefined
  if (there === undefined) children[name] = value
  else if (Array.isArray(there)) there.push(value)
  else children[name] = [there, value]
}

function elementValue(attributes: Draft, children: Draft, text: string): JsonValue {
  const hasChildren = Object.keys(children).length > 0
  const hasAttributes = Object.keys(attributes).length > 0
  if (!hasChildren && !hasAttributes) return text
  const value: Draft = hasAttributes ? { '#attributes': attributes, ...children } : children
  if (!hasChildren || text.trim() !== '') value['#text'] = text
  return value
}
