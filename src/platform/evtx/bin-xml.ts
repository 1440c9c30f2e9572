import type { Buffer } from 'node:buffer'
import { type Allowance, EvtxFault } from './allowance.ts'
import { Cursor } from './cursor.ts'
import type { ElementNode, Instance, Node, Slot } from './nodes.ts'
import { STRING_TYPE } from './value.ts'

/** Tokens; 0x40 on top says that more of the kind (for an element: attributes) follow. */
const END_OF_STREAM = 0x00
const OPEN_ELEMENT = 0x01
const CLOSE_START = 0x02
const CLOSE_EMPTY = 0x03
const END_ELEMENT = 0x04
const VALUE = 0x05
const ATTRIBUTE = 0x06
const CDATA = 0x07
const CHARACTER = 0x08
const ENTITY = 0x09
const PI_TARGET = 0x0a
const PI_DATA = 0x0b
const TEMPLATE_INSTANCE = 0x0c
const HOLE = 0x0d
const OPTIONAL_HOLE = 0x0e
const FRAGMENT = 0x0f
const MORE = 0x40

const NO_DEPENDENCY = 0xffff
/** Nobody's event nests deeper; it exists to make recursive code fall over. */
const DEEPEST = 48
const TEMPLATE_HEADER = 24

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Takes the BinXml of one chunk apart. Names and templates stand once in a chunk and are pointed at by offset: both are read once.
 * Throws EvtxFault for what is not BinXml.
 */
export class BinXmlReader {
  readonly #chunk: Buffer
  readonly #allowance: Allowance
  readonly #names = new Map<number, { readonly name: string; readonly end: number }>()
  readonly #templates = new Map<number, { readonly nodes: readonly Node[]; readonly end: number } | EvtxFault>()

  constructor(chunk: Buffer, allowance: Allowance) {
    this.#chunk = chunk
    this.#allowance = allowance
  }

  /** The nodes of a record or of a nested value: whatever stands between `start` and `end`, up to the token that ends it. */
  fragment(start: number, end: number, depth: number): Node[] {
    return this.#content(new Cursor(this.#chunk, start, end), false, depth)
  }

  /** Until the end of the element (taken), of the stream (taken) or of the bytes. */
  #content(cursor: Cursor, inTemplate: boolean, depth: number): Node[] {
    if (depth > DEEPEST) throw new EvtxFault(`it nests deeper than ${DEEPEST} levels`)
    const nodes: Node[] = []
    while (cursor.left > 0) {
      this.#allowance.node()
      const token = cursor.u8()
      switch (token & ~MORE) {
        case END_OF_STREAM:
        case END_ELEMENT:
          return nodes
        case FRAGMENT:
          cursor.advance(3)
          break
        case OPEN_ELEMENT:
          nodes.push(this.#element(cursor, (token & MORE) !== 0, inTemplate, depth))
          break
        case TEMPLATE_INSTANCE:
          nodes.push({ kind: 'instance', instance: this.#instance(cursor, depth) })
          break
        case PI_TARGET:
          this.#name(cursor)
          break
        case PI_DATA:
          cursor.advance(cursor.u16() * 2)
          break
        default:
          nodes.push(this.#characters(cursor, token))
      }
    }
    return nodes
  }

  /** What may stand in an element's text and in an attribute's value alike. */
  #characters(cursor: Cursor, token: number): Node {
    switch (token & ~MORE) {
      case VALUE:
        return this.#literal(cursor)
      case CDATA:
        return { kind: 'text', text: cursor.text(cursor.u16()) }
      case CHARACTER:
        return { kind: 'text', text: String.fromCharCode(cursor.u16()).toWellFormed() }
      case ENTITY: {
        const name = this.#name(cursor)
        return { kind: 'text', text: ENTITIES[name] ?? `&${name};` }
      }
      case HOLE:
      case OPTIONAL_HOLE: {
        const index = cursor.u16()
        cursor.advance(1)
        return { kind: 'hole', index }
      }
      default:
        throw new EvtxFault(`0x${token.toString(16)} is no BinXml token (at byte ${cursor.at - 1} of its chunk)`)
    }
  }

  /** Only strings are ever written so; [MS-EVEN6] allows no other. */
  #literal(cursor: Cursor): Node {
    const type = cursor.u8()
    if (type !== STRING_TYPE) throw new EvtxFault(`a literal value of type 0x${type.toString(16)}`)
    return { kind: 'text', text: cursor.text(cursor.u16()) }
  }

  #element(cursor: Cursor, hasAttributes: boolean, inTemplate: boolean, depth: number): ElementNode {
    const dependency = this.#dependency(cursor, inTemplate)
    cursor.advance(4)
    const name = this.#name(cursor)
    const attributes = hasAttributes ? this.#attributes(cursor) : []
    const token = cursor.u8()
    if (token === CLOSE_EMPTY) return { kind: 'element', name, attributes, children: [], dependency }
    if (token !== CLOSE_START) throw new EvtxFault(`0x${token.toString(16)} where the element ${name} should begin`)
    return { kind: 'element', name, attributes, children: this.#content(cursor, inTemplate, depth + 1), dependency }
  }

  /**
   * Elements of a template name the value that they depend on, others do not, and some writers do not keep to that: the length that
   * follows tells, because an element ends within what it stands in.
   */
  #dependency(cursor: Cursor, expected: boolean): number {
    const { bytes, at, left } = cursor
    const fits = (skip: number): boolean => left >= skip + 8 && bytes.readUInt32LE(at + skip) <= left - skip - 4
    const present = expected ? fits(2) || !fits(0) : !fits(0) && fits(2)
    return present ? cursor.u16() : NO_DEPENDENCY
  }

  #attributes(cursor: Cursor): ElementNode['attributes'] {
    const length = cursor.u32()
    const attributes: { name: string; value: Node[] }[] = []
    const list = new Cursor(this.#chunk, cursor.at, cursor.at + Math.min(length, cursor.left))
    let value: Node[] = []
    while (list.left > 0) {
      this.#allowance.node()
      const token = list.u8()
      if ((token & ~MORE) === ATTRIBUTE) {
        value = []
        attributes.push({ name: this.#name(list), value })
      } else value.push(this.#characters(list, token))
    }
    cursor.advance(length)
    return attributes
  }

  /** A name lies where its offset says: right here when it is used first, earlier in the chunk later on. */
  #name(cursor: Cursor): string {
    const offset = cursor.u32()
    let found = this.#names.get(offset)
    if (found === undefined) {
      const at = new Cursor(this.#chunk, offset, this.#chunk.length)
      at.advance(6)
      const length = at.u16()
      this.#allowance.characters(length)
      const name = at.text(length)
      at.advance(2)
      found = { name, end: at.at }
      this.#names.set(offset, found)
    }
    if (offset === cursor.at) cursor.advance(found.end - offset)
    return found.name
  }

  #instance(cursor: Cursor, depth: number): Instance {
    cursor.advance(5)
    const offset = cursor.u32()
    const { nodes, end } = this.#template(offset, depth)
    if (offset === cursor.at) cursor.advance(end - offset)
    return { nodes, slots: slotsOf(cursor) }
  }

  #template(offset: number, depth: number): { readonly nodes: readonly Node[]; readonly end: number } {
    let found = this.#templates.get(offset)
    if (found === undefined) {
      // A template that holds itself ends here.
      this.#templates.set(offset, new EvtxFault('a template that contains itself'))
      try {
        found = this.#readTemplate(offset, depth)
      } catch (error) {
        if (!(error instanceof EvtxFault)) throw error
        found = error
      }
      this.#templates.set(offset, found)
    }
    if (found instanceof EvtxFault) throw found
    return found
  }

  #readTemplate(offset: number, depth: number): { readonly nodes: readonly Node[]; readonly end: number } {
    const header = new Cursor(this.#chunk, offset, this.#chunk.length)
    header.advance(TEMPLATE_HEADER - 4)
    const length = header.u32()
    const start = header.advance(length)
    return { nodes: this.#content(new Cursor(this.#chunk, start, start + length), true, depth + 1), end: header.at }
  }
}

function slotsOf(cursor: Cursor): Slot[] {
  const count = cursor.u32()
  if (count * 4 > cursor.left) throw new EvtxFault(`${count} values where ${cursor.left} bytes are left`)
  const list = new Cursor(cursor.bytes, cursor.at, cursor.end)
  cursor.advance(count * 4)
  const slots: Slot[] = []
  for (let index = 0; index < count; index += 1) {
    const size = list.u16()
    const type = list.u8()
    list.advance(1)
    const start = cursor.advance(size)
    slots.push({ type, start, end: cursor.at })
  }
  return slots
}
