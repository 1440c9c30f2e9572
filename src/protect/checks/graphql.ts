/** What a GraphQL document asks for, with fragments spread out. */
export interface GraphqlCost {
  readonly operations: number
  readonly depth: number
  readonly fields: number
  readonly aliases: number
  readonly isIntrospection: boolean
}

interface Selection {
  depth: number
  fields: number
  aliases: number
  isIntrospection: boolean
  /** Fragments spread, and how deep. */
  readonly spreads: { readonly name: string; readonly depth: number }[]
}

const MOST_TOKENS = 20_000
const DEEPEST = 200
/** Counts beyond this are all the same: too many. */
const ENOUGH = 1_000_000

class Fault extends Error {}

/**
 * Reads a document of the October 2021 specification as far as its cost goes: no schema is needed. Linear in the text; fragments
 * are counted once each however often they are spread. @returns a sentence for what is no document, or spreads fragments in a circle.
 */
export function graphqlCost(text: string): GraphqlCost | string {
  try {
    return new Reader(tokensOf(text)).document()
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

// The order matters: block strings before strings, the spread before the punctuators.
const TOKEN =
  /[\s,\uFEFF]+|#[^\n\r]*|("""(?:[^"\\]|\\"""|\\|"(?!""))*"""|"(?:[^"\\\n\r]|\\.)*")|(\.\.\.)|([A-Za-z_][A-Za-z0-9_]*)|(-?\d[\d.eE+-]*)|([!$&()[\]{}:=@|])/y

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const found = TOKEN.exec(text)
    if (found === null) throw new Fault(`not GraphQL at character ${at + 1}`)
    const [, string, spread, name, number, punctuator] = found
    const token = string === undefined ? (spread ?? name ?? number ?? punctuator) : '""'
    if (token === undefined) continue
    tokens.push(token)
    if (tokens.length > MOST_TOKENS) throw new Fault(`more than ${MOST_TOKENS} words`)
  }
  return tokens
}

class Reader {
  readonly #tokens: readonly string[]
  readonly #fragments = new Map<string, Selection>()
  readonly #totals = new Map<string, Selection>()
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  document(): GraphqlCost {
    const operations: Selection[] = []
    while (this.#at < this.#tokens.length) {
      const word = this.#tokens[this.#at]!
      if (word === '{') operations.push(this.#selection())
      else if (word === 'query' || word === 'mutation' || word === 'subscription') {
        this.#skipTo('{')
        operations.push(this.#selection())
      } else if (word === 'fragment') {
        const name = this.#tokens[this.#at + 1] ?? ''
        this.#skipTo('{')
        if (this.#fragments.has(name)) throw new Fault(`the fragment ${name.slice(0, 40)} comes twice`)
        this.#fragments.set(name, this.#selection())
      } else throw new Fault(`'${word.slice(0, 40)}' begins neither an operation nor a fragment`)
    }
    if (operations.length === 0) throw new Fault('there is no operation')
    const all = operations.map((each) => this.#spread(each, new Set()))
    return {
      operations: operations.length,
      depth: Math.max(...all.map(({ depth }) => depth)),
      fields: Math.min(
        ENOUGH,
        all.reduce((sum, { fields }) => sum + fields, 0),
      ),
      aliases: Math.min(
        ENOUGH,
        all.reduce((sum, { aliases }) => sum + aliases, 0),
      ),
      isIntrospection: all.some(({ isIntrospection }) => isIntrospection),
    }
  }

  /** Over names, variables and directives, with their parentheses. */
  #skipTo(wanted: string): void {
    while (this.#at < this.#tokens.length && this.#tokens[this.#at] !== wanted) {
      if (this.#tokens[this.#at] === '(') this.#skipGroup()
      else this.#at += 1
    }
    if (this.#at >= this.#tokens.length) throw new Fault('it ends too early')
  }

  /** From an opening parenthesis to behind its end. */
  #skipGroup(): void {
    let open = 0
    do {
      const word = this.#tokens[this.#at]
      if (word === undefined) throw new Fault('it ends too early')
      if (word === '(' || word === '{' || word === '[') open += 1
      else if (word === ')' || word === '}' || word === ']') open -= 1
      this.#at += 1
    } while (open > 0)
  }

  #selection(): Selection {
    const found: Selection = { depth: 0, fields: 0, aliases: 0, isIntrospection: false, spreads: [] }
    let depth = 0
    do {
      const word = this.#tokens[this.#at]
      if (word === undefined) throw new Fault('it ends too early')
      if (word === '{') depth += 1
      else if (word === '}') depth -= 1
      else if (word === '(') {
        this.#skipGroup()
        continue
      } else if (word === '...') this.#takeSpread(found, depth)
      else if (word === '@') this.#at += 1
      else if (/^[A-Za-z_]/.test(word)) this.#takeField(found, depth)
      else throw new Fault(`'${word}' is out of place`)
      if (depth > DEEPEST) throw new Fault(`deeper than ${DEEPEST}`)
      this.#at += 1
    } while (depth > 0)
    return found
  }

  #takeField(found: Selection, depth: number): void {
    if (this.#tokens[this.#at + 1] === ':') {
      found.aliases += 1
      this.#at += 2
    }
    const name = this.#tokens[this.#at] ?? ''
    found.fields += 1
    found.depth = Math.max(found.depth, depth)
    if (name === '__schema' || name === '__type') found.isIntrospection = true
  }

  /** `...Name`, or an inline fragment, whose braces count as depth like others. */
  #takeSpread(found: Selection, depth: number): void {
    const next = this.#tokens[this.#at + 1]
    if (next === undefined) throw new Fault('it ends too early')
    if (next === 'on') this.#at += 2
    else if (/^[A-Za-z_]/.test(next)) {
      found.spreads.push({ name: next, depth })
      this.#at += 1
    }
  }

  /** A selection with what its fragments bring; each fragment is reckoned once. */
  #spread(selection: Selection, above: ReadonlySet<string>): Selection {
    const total = { ...selection, spreads: [] }
    for (const { name, depth } of selection.spreads) {
      if (above.has(name)) throw new Fault(`the fragment ${name.slice(0, 40)} spreads itself`)
      if (above.size > DEEPEST) throw new Fault(`fragments within more than ${DEEPEST} others`)
      const fragment = this.#fragments.get(name)
      if (fragment === undefined) throw new Fault(`there is no fragment ${name.slice(0, 40)}`)
      let whole = this.#totals.get(name)
      if (whole === undefined) {
        whole = this.#spread(fragment, new Set([...above, name]))
        this.#totals.set(name, whole)
      }
      total.depth = Math.max(total.depth, depth - 1 + whole.depth)
      total.fields = Math.min(ENOUGH, total.fields + whole.fields)
      total.aliases = Math.min(ENOUGH, total.aliases + whole.aliases)
      total.isIntrospection ||= whole.isIntrospection
    }
    return total
  }
}
