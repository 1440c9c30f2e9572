import type { XmlEntities } from './xml-entities.ts'

/** Attributes that elements have unless they say otherwise, by the element's name. */
export type AttributeDefaults = Map<string, (readonly [name: string, value: string])[]>

/** Characters that parameter entities may add in all. */
const MOST_INSERTED = 65_536

const ENTITY = /^<!ENTITY[ \t\r\n]+(%[ \t\r\n]+)?([^ \t\r\n"'%&;>]+)[ \t\r\n]+(?:"([^"]*)"|'([^']*)'|(?:SYSTEM|PUBLIC)[ \t\r\n])/
const ATTLIST = /^<!ATTLIST[ \t\r\n]+([^ \t\r\n>]+)/
/** A literal, a list in parentheses, or a word. */
const TOKEN = /"[^"]*"|'[^']*'|\([^()]*\)|[^ \t\r\n"'()>]+/y

/**
 * Reads a document type's own declarations, from behind its `[` on: entities, defaults of attributes, comments, instructions.
 * Nothing is loaded from outside. Answers with where its `]` stands, or with the fault that ended the reading.
 */
export function readSubset(
  text: string,
  start: number,
  entities: XmlEntities,
  defaults: AttributeDefaults,
): number | { readonly fault: string } {
  /** Parameter entities; undefined for those that lie outside. */
  const parameters = new Map<string, string | undefined>()
  const open: { readonly text: string; at: number }[] = [{ text, at: start }]
  let inserted = 0
  for (;;) {
    const within = open.at(-1)!
    skipBlanks(within)
    const { text, at } = within
    if (at >= text.length) {
      if (open.length === 1) return { fault: 'a document type does not end' }
      open.pop()
    } else if (text[at] === ']' && open.length === 1) return at
    else if (text[at] === '%') {
      const name = /^%([^ \t\r\n;%"'<>]+);/.exec(text.slice(at, at + 1024))?.[1]
      if (name === undefined || !parameters.has(name)) return { fault: 'a parameter entity is not declared' }
      within.at += name.length + 2
      const content = parameters.get(name)
      if (content === undefined) continue
      inserted += content.length + 1
      if (inserted > MOST_INSERTED || open.length > 40) return { fault: 'parameter entities are too long' }
      open.push({ text: content, at: 0 })
    } else {
      const end = text.startsWith('<!--', at)
        ? after(text, '-->', at + 4)
        : text.startsWith('<?', at)
          ? after(text, '?>', at + 2)
          : declarationEnd(text, at)
      if (end === -1) return { fault: 'a declaration of the document type cannot be read' }
      if (text.startsWith('<!', at) && !text.startsWith('<!--', at))
        takeDeclaration(text.slice(at, end), entities, parameters, defaults)
      within.at = end
    }
  }
}

function skipBlanks(within: { readonly text: string; at: number }): void {
  const blanks = /[ \t\r\n]*/y
  blanks.lastIndex = within.at
  within.at += blanks.exec(within.text)![0].length
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at === -1 ? -1 : at + mark.length
}

/** Behind the `>` of a declaration, those within literals left out; -1 where there is none. */
export function declarationEnd(text: string, at: number): number {
  if (!text.startsWith('<!', at)) return -1
  for (let place = at + 2; place < text.length; place++) {
    const sign = text[place]
    if (sign === '>') return place + 1
    if (sign === '<') return -1
    if (sign !== '"' && sign !== "'") continue
    place = text.indexOf(sign, place + 1)
    if (place === -1) return -1
  }
  return -1
}

function takeDeclaration(
  declaration: string,
  entities: XmlEntities,
  parameters: Map<string, string | undefined>,
  defaults: AttributeDefaults,
): void {
  const entity = ENTITY.exec(declaration)
  if (entity !== null) {
    const [, isParameter, name, double, single] = entity
    const literal = double ?? single
    if (isParameter !== undefined) {
      if (!parameters.has(name!)) parameters.set(name!, literal === undefined ? undefined : charactersOf(literal))
    } else if (literal !== undefined) entities.declare(name!, literal)
    return
  }
  const element = ATTLIST.exec(declaration)
  if (element === null) return
  const list = defaults.get(element[1]!) ?? []
  defaults.set(element[1]!, list.concat(defaultsIn(declaration, element[0].length)))
}

/** `NAME TYPE DEFAULT` again and again; of interest where the default is a literal, also behind `#FIXED`. */
function defaultsIn(declaration: string, from: number): [string, string][] {
  const found: [string, string][] = []
  let words: string[] = []
  for (let at = from; at < declaration.length; ) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(declaration)?.[0]
    if (token === undefined) {
      at += 1
      continue
    }
    at += token.length
    const isLiteral = token[0] === '"' || token[0] === "'"
    if (isLiteral && words[0] !== undefined) found.push([words[0], token.slice(1, -1)])
    if (isLiteral || token === '#IMPLIED' || token === '#REQUIRED') words = []
    else if (words.length < 2) words.push(token)
  }
  return found
}

/** Only references to characters are read where a parameter entity is declared. */
function charactersOf(literal: string): string {
  return literal.replace(/&#([xX][0-9a-fA-F]+|[0-9]+);/g, (whole, digits: string) => {
    const point = /^x/i.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number(digits)
    return point <= 0x7f ? String.fromCharCode(point) : whole
  })
}
