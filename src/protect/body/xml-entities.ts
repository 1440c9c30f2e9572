import { utf8 } from './json.ts'

/** Characters that entities of a document type may add in all: a document of nested entities ends here. */
const MOST_ENTITY_TEXT = 65_536
/** An entity may stand in another's text, and so on. */
const DEEPEST_ENTITY = 40

const CHARACTER = /&#([xX][0-9a-fA-F]+|[0-9]+);/g
const REFERENCE = /&(#[xX][0-9a-fA-F]+|[^ \t\r\n;&<]+);/g

/**
 * The entities that a document declares for itself. References become text, as a parser of the application may read them; what
 * is beyond the bounds stays as it is written, and `fault` says so.
 */
export class XmlEntities {
  /** The first reference that could not be followed to its end. */
  fault: string | undefined
  readonly #texts = new Map<string, string>()
  #length = 0

  /** The first declaration of a name counts. References to characters are read at once (XML 1.0 section 4.4.5). */
  declare(name: string, literal: string): void {
    if (!this.#texts.has(name)) this.#texts.set(name, literal.replace(CHARACTER, character))
  }

  /** A text of the document with its references read. */
  expand(raw: string, depth = 0): string {
    if (!raw.includes('&')) return raw
    return raw.replace(REFERENCE, (whole, name: string) => this.#read(whole, name, depth))
  }

  #read(whole: string, name: string, depth: number): string {
    if (name[0] === '#') return character(whole, name.slice(1))
    const known = PREDEFINED.get(name)
    if (known !== undefined) return known
    const text = this.#texts.get(name)
    if (text === undefined) return whole
    if (depth >= DEEPEST_ENTITY || this.#length + text.length > MOST_ENTITY_TEXT) {
      this.fault ??= `the entity ${name.slice(0, 40)} is nested too deeply, or too long`
      return whole
    }
    this.#length += text.length + 1
    const expanded = this.expand(text, depth + 1)
    // Tags in an entity's text divide it here, and not where they are read as tags.
    return depth === 0 && expanded.includes('<') ? `${expanded} ${withoutTags(expanded)}` : expanded
  }
}

function character(whole: string, digits: string): string {
  const isHexadecimal = digits[0] === 'x' || digits[0] === 'X'
  const point = isHexadecimal ? Number.parseInt(digits.slice(1), 16) : Number(digits)
  return point <= 0x10ffff ? utf8(point) : whole
}

/** The texts between the tags of a text that is not read as markup where it stands. */
export function withoutTags(text: string): string {
  return text.replace(/<!\[CDATA\[|\]\]>/g, '').replace(/<[^<>]*>/g, '')
}

const PREDEFINED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])
