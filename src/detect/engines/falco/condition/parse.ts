import { FalcoFault } from '../fault.ts'
import {
  type Condition,
  type FieldRef,
  LIST_OPERATORS,
  NUMBER_OPERATORS,
  type Operator,
  TEXT_OPERATORS,
  TRANSFORMERS,
  type Transformer,
  type WrittenValue,
} from './ast.ts'

const BLANK = /[ \t\r\n\b]+/y
const WORD = /[a-zA-Z][a-zA-Z0-9_]*/y
const FIELD = /[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+/y
const ARGUMENT = /[^[\]"'\s]+/y
const BARE = /[^()"'\s=,]+/y
const NUMBER = /0[xX][0-9a-fA-F]+|[+-]?\d+\.?\d*(?:[eE][+-]?\d+)?/y

const DEEPEST = 100
const LONGEST = 1 << 20

/**
 * Parses a condition (falco.org, "Conditions"; precedence: not, and, or). Throws FalcoFault `condition-syntax`.
 */
export function parseCondition(text: string): Condition {
  return new Parser(text).parse()
}

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    if (text.length > LONGEST) throw fault(`a condition of more than ${LONGEST} characters`)
    this.#text = text
  }

  parse(): Condition {
    const condition = this.#or()
    if (this.#at < this.#text.length) throw this.#expected("'and', 'or' or the end")
    return condition
  }

  #or(): Condition {
    return this.#joined('or', () => this.#and())
  }

  #and(): Condition {
    return this.#joined('and', () => this.#not())
  }

  #joined(word: 'and' | 'or', part: () => Condition): Condition {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw fault('parentheses are nested too deeply')
    const items = [part()]
    while (this.#keyword(word)) items.push(part())
    this.#depth -= 1
    return items.length === 1 ? items[0]! : { kind: word, items }
  }

  #not(): Condition {
    let negated = false
    while (this.#keyword('not')) negated = !negated
    const item = this.#check()
    return negated ? { kind: 'not', item } : item
  }

  #check(): Condition {
    this.#blank()
    if (this.#literal('(')) {
      const inner = this.#or()
      this.#close()
      return inner
    }
    const field = this.#fieldOrTransformer()
    if (field !== undefined) return this.#comparison(field)
    const name = this.#token(WORD)
    if (name === undefined) throw this.#expected("a field, a macro or '('")
    return { kind: 'macro', name }
  }

  #fieldOrTransformer(): FieldRef | undefined {
    const transformer = this.#transformer()
    if (transformer !== undefined) {
      const inner = this.#fieldOrTransformer()
      if (inner === undefined) throw this.#expected(`a field inside ${transformer}()`)
      this.#close()
      return { ...inner, through: [transformer, ...inner.through] }
    }
    this.#blank()
    const name = this.#token(FIELD)
    if (name === undefined) return undefined
    if (!this.#literal('[')) return { name, through: [] }
    const argument = this.#quoted() ?? this.#token(ARGUMENT)
    if (argument === undefined || !this.#literal(']')) throw this.#expected(`an argument and ']' behind ${name}`)
    return { name, argument, through: [] }
  }

  #transformer(): Transformer | undefined {
    this.#blank()
    const found = TRANSFORMERS.find((each) => this.#text.startsWith(`${each}(`, this.#at))
    if (found !== undefined) this.#at += found.length + 1
    return found
  }

  #comparison(field: FieldRef): Condition {
    const operator = this.#operator()
    if (operator === 'exists') return { kind: 'check', field, operator, values: [] }
    const other = this.#rightField()
    if (other !== undefined) return { kind: 'check', field, operator, values: [], other }
    return { kind: 'check', field, operator, values: this.#values(operator) }
  }

  #operator(): Operator {
    this.#blank()
    for (const sign of [...NUMBER_OPERATORS, '==', '=', '!='] as const) {
      if (this.#literal(sign)) return sign
    }
    const from = this.#at
    const word = this.#token(WORD)
    const known = [...TEXT_OPERATORS, ...LIST_OPERATORS, 'exists' as const].find((each) => each === word)
    if (known !== undefined) return known
    this.#at = from
    throw this.#expected('an operator')
  }

  #rightField(): FieldRef | undefined {
    this.#blank()
    if (this.#text.startsWith('val(', this.#at)) {
      this.#at += 4
      const inner = this.#fieldOrTransformer()
      if (inner === undefined) throw this.#expected('a field inside val()')
      this.#close()
      return inner
    }
    return TRANSFORMERS.some((each) => this.#text.startsWith(`${each}(`, this.#at)) ? this.#fieldOrTransformer() : undefined
  }

  #values(operator: Operator): readonly WrittenValue[] {
    this.#blank()
    if ((NUMBER_OPERATORS as readonly string[]).includes(operator)) {
      const number = this.#token(NUMBER)
      if (number === undefined) throw this.#expected('a number')
      return [{ text: number, quoted: false }]
    }
    if (!(LIST_OPERATORS as readonly string[]).includes(operator)) return [this.#value()]
    if (!this.#literal('(')) {
      const name = this.#token(WORD)
      if (name === undefined) throw this.#expected("'(' or the name of a list")
      return [{ text: name, quoted: false }]
    }
    this.#blank()
    if (this.#literal(')')) return []
    const values = [this.#value()]
    for (;;) {
      this.#blank()
      if (this.#literal(')')) return values
      if (!this.#literal(',')) throw this.#expected("',' or ')'")
      this.#blank()
      values.push(this.#value())
    }
  }

  #value(): WrittenValue {
    const quoted = this.#quoted()
    if (quoted !== undefined) return { text: quoted, quoted: true }
    const text = this.#token(BARE)
    if (text === undefined) throw this.#expected('a value')
    return { text, quoted: false }
  }

  /** A text in quotation marks of either kind; a backslash takes the next character as it is. */
  #quoted(): string | undefined {
    const mark = this.#text[this.#at]
    if (mark !== '"' && mark !== "'") return undefined
    let value = ''
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const character = this.#text[at]!
      if (character === mark) {
        this.#at = at + 1
        return value
      }
      const next = this.#text[at + 1]
      if (character === '\\' && next !== undefined) {
        value += ESCAPES.get(next) ?? (next === '\\' || next === '"' || next === "'" ? next : `\\${next}`)
        at += 1
      } else value += character
    }
    throw this.#expected(`the closing ${mark}`)
  }

  #keyword(word: string): boolean {
    this.#blank()
    if (!this.#text.startsWith(word, this.#at)) return false
    const next = this.#text[this.#at + word.length]
    if (next !== undefined && next !== '(' && !/\s/.test(next)) return false
    this.#at += word.length
    return true
  }

  #close(): void {
    this.#blank()
    if (!this.#literal(')')) throw this.#expected("')'")
    this.#blank()
  }

  #literal(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #blank(): void {
    this.#token(BLANK)
  }

  #token(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #expected(what: string): FalcoFault {
    const near = this.#text
      .slice(this.#at, this.#at + 40)
      .replace(/\s+/g, ' ')
      .trim()
    return fault(`expected ${what} ${near === '' ? 'at the end of the condition' : `before: ${near}`}`)
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

function fault(reason: string): FalcoFault {
  return new FalcoFault('condition-syntax', reason)
}
