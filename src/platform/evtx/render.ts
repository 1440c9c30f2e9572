import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { type Allowance, EvtxFault } from './allowance.ts'
import type { BinXmlReader } from './bin-xml.ts'
import type { ElementNode, Node, Slot } from './nodes.ts'
import { BIN_XML_TYPE, decodeValue, NULL_TYPE } from './value.ts'

/** Documents deeper than this are nobody's event. */
const DEEPEST = 48

interface Members {
  [name: string]: JsonValue
}

/** What stands in one element, as it is found: its texts and its children. */
interface Content {
  readonly texts: JsonValue[]
  readonly children: Members | undefined
}

/**
 * Puts a record's values into its template. The shape is that of evtx dumpers' JSON: attributes under `#attributes`, text beside attributes
 * or children under `#text`, an element of text alone as its value, an empty one as null, `<Data Name="x">` under `x`, what stands several
 * times (or holds an array, which XML repeats) as a list.
 */
export class Renderer {
  readonly #reader: BinXmlReader
  readonly #chunk: Buffer
  readonly #allowance: Allowance

  constructor(chunk: Buffer, reader: BinXmlReader, allowance: Allowance) {
    this.#chunk = chunk
    this.#reader = reader
    this.#allowance = allowance
  }

  /** The record's document, `{Event: …}`. */
  document(nodes: readonly Node[]): JsonObject {
    const { children } = this.#content(nodes, [], 0)
    if (children === undefined) throw new EvtxFault('it holds no element')
    return children
  }

  #content(nodes: readonly Node[], slots: readonly Slot[], depth: number): Content {
    const content = { texts: [], children: undefined }
    this.#fill(content, nodes, slots, depth)
    return content
  }

  #fill(
    content: { texts: JsonValue[]; children: Members | undefined },
    nodes: readonly Node[],
    slots: readonly Slot[],
    depth: number,
  ): void {
    if (depth > DEEPEST) throw new EvtxFault(`it nests deeper than ${DEEPEST} levels`)
    for (const node of nodes) {
      this.#allowance.node()
      switch (node.kind) {
        case 'text':
          this.#allowance.characters(node.text.length)
          content.texts.push(node.text)
          break
        case 'hole': {
          const slot = slots[node.index]
          if (slot === undefined) throw new EvtxFault(`its template asks for value ${node.index} of ${slots.length}`)
          if (slot.type === NULL_TYPE) break
          if (slot.type === BIN_XML_TYPE) {
            this.#fill(content, this.#reader.fragment(slot.start, slot.end, depth + 1), [], depth + 1)
          } else {
            // Hexadecimal has two characters a byte, numbers in text fewer than eight.
            this.#allowance.characters((slot.end - slot.start) * 2)
            content.texts.push(decodeValue(slot.type, this.#chunk, slot.start, slot.end))
          }
          break
        }
        case 'instance':
          this.#fill(content, node.instance.nodes, node.instance.slots, depth + 1)
          break
        case 'element':
          if (isAbsent(slots[node.dependency])) break
          content.children ??= {}
          this.#child(content.children, node, slots, depth)
      }
    }
  }

  #child(parent: Members, element: ElementNode, slots: readonly Slot[], depth: number): void {
    const { texts, children } = this.#content(element.children, slots, depth + 1)
    let attributes: Members | undefined
    for (const { name, value } of element.attributes) {
      const text = joined(this.#content(value, slots, depth + 1).texts)
      if (text === null) continue
      attributes ??= {}
      set(attributes, name, text)
    }
    const name = attributes?.['Name']
    if (element.name === 'Data' && typeof name === 'string' && name !== '')
      add(parent, name, elementValue(texts, undefined, children))
    else add(parent, element.name, elementValue(texts, attributes, children))
  }
}

function isAbsent(dependency: Slot | undefined): boolean {
  return dependency !== undefined && dependency.type === NULL_TYPE
}

function elementValue(texts: readonly JsonValue[], attributes: Members | undefined, children: Members | undefined): JsonValue {
  const text = joined(texts)
  if (attributes === undefined && children === undefined) return text
  if (attributes === undefined && text === null) return children ?? null
  const value: Members = {}
  if (attributes !== undefined) value['#attributes'] = attributes
  if (text !== null && !(children !== undefined && typeof text === 'string' && text.trim() === '')) value['#text'] = text
  if (children !== undefined) for (const [name, child] of Object.entries(children)) set(value, name, child)
  return value
}

/** One value keeps its type; several in a row are one text. */
function joined(texts: readonly JsonValue[]): JsonValue {
  if (texts.length < 2) return texts[0] ?? null
  return texts.map((text) => (Array.isArray(text) ? text.join(' ') : String(text ?? ''))).join('')
}

/** An element that stands several times is a list. */
function add(members: Members, name: string, value: JsonValue): void {
  const before = Object.hasOwn(members, name) ? members[name] : undefined
  if (before === undefined) set(members, name, value)
  else if (Array.isArray(before)) (before as JsonValue[]).push(value)
  else set(members, name, [before, value])
}

/** `__proto__` is a member like any other, as JSON.parse makes it. */
function set(members: Members, name: string, value: JsonValue): void {
  if (name === '__proto__') Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true })
  else members[name] = value
}
