import type { Lexer, Quote, Token } from './lex.ts'
import { CATALOGUE, callKind, kindOf } from './vocabulary.ts'

/** Tokens looked at in one reading. */
const MOST_TOKENS = 20_000
/** Deepest nesting followed. */
const DEEPEST = 120

/** A kind of parenthesis or clause that is open. */
type Frame = 'call' | 'group' | 'query'

/** What the walk saw, named so that a log can say why. `strong` signs tell by themselves, `weak` ones where the value ends as SQL may. */
export interface Seen {
  readonly strong: string | undefined
  readonly weak: string | undefined
  /** Everything up to the end of the value, or up to a comment, could be read as SQL. */
  readonly complete: boolean
  /** The shape of the tokens: what ModSecurity calls a fingerprint. */
  readonly shape: string
}

const LETTERS: Readonly<Partial<Record<Token['kind'], string>>> = {
  number: '1',
  string: 's',
  variable: 'v',
  word: 'n',
  name: 'n',
  compare: 'o',
  arith: 'o',
  logic: '&',
  open: '(',
  close: ')',
  comma: ',',
  semicolon: ';',
  comment: 'c',
}

/** The kind of operand just read. */
type Operand = 'number' | 'string' | 'open-string' | 'variable' | 'word' | 'constant' | 'call' | 'group'

/**
 * Reads tokens as the rest of an SQL statement into which the value was put, as long as they can be that, and notes the signs of an
 * injection. It is a pushdown automaton with two states (an operand must come; an operand has come), not a full grammar of any server.
 */
export class Walk {
  readonly #lexer: Lexer
  readonly #quote: Quote
  #ahead: Token | undefined
  #tokens = 0
  #shape = ''
  readonly #frames: Frame[] = []
  #strong: string | undefined
  #weak: string | undefined
  /** The operand just read; undefined where one must come. */
  #operand: Operand | undefined
  /** Since the last logic operator at this level: an operand, then a comparison. */
  #afterLogic = false
  #compared = false
  #comparedLiteral = false
  /** What stands before the comparison is a name: a filter, as people write them too. */
  #comparedName = false
  #startedLiteral = false
  /** Operands and operators so far: a value that is one word or number says nothing. */
  #operators = 0
  #operands = 0
  #literals = 0
  #numbers = 0
  /** What a query's text has and a sentence that begins with SELECT lacks. */
  #marks = 0
  #opened = 0
  /** The last logic operator was OR, or one that is written so. */
  #either = false
  #joined = false
  #closedMore = 0
  #inQuery = false
  #queryWords = 0
  #probes = 0
  #functions = 0
  #aliasUsed = false
  #lost = false
  #listed = false

  constructor(lexer: Lexer, quote: Quote) {
    this.#lexer = lexer
    this.#quote = quote
  }

  run(): Seen {
    const first = this.#lexer.startInside(this.#quote)
    if (first !== undefined) {
      this.#note('s')
      this.#operand = first.isOpen === true ? 'open-string' : 'string'
    }
    let complete = false
    let startsAsPath = false
    while (this.#strong === undefined && this.#tokens < MOST_TOKENS) {
      const token = this.#take()
      const isLast = token.kind === 'end' || token.kind === 'comment'
      if (isLast) {
        this.#atEnd(token)
        complete = true
        break
      }
      // A path is judged by its last part; what stands within is no place in a query.
      if (this.#tokens === 1 && token.text === '/') startsAsPath = true
      if (this.#tokens === 1 && this.#quote === '' && continues(token)) this.#operand = 'group'
      const goesOn = this.#operand === undefined ? this.#operandAt(token) : this.#afterOperand(token)
      if (!goesOn && startsAsPath) this.#skim()
      if (!goesOn && (startsAsPath || !this.#findFoothold())) break
    }
    if (this.#lexer.nestsComments && (this.#queryWords > 0 || /[&U]/.test(this.#shape))) this.#strong ??= 'a comment in a comment'
    return { strong: this.#strong, weak: this.#weak, complete: complete && !this.#lost, shape: this.#shape }
  }

  /**
   * What was read cannot be SQL. Goes on at the next word or mark at which an injection may begin, with nothing but strong signs
   * counting from there; false where there is none.
   */
  #findFoothold(): boolean {
    this.#lost = true
    this.#weak = undefined
    this.#frames.length = 0
    this.#inQuery = false
    this.#operators = 0
    this.#operands = 0
    this.#literals = 0
    this.#queryWords = 0
    while (this.#tokens < MOST_TOKENS) {
      const token = this.#take()
      if (token.kind === 'end' || token.kind === 'comment') return false
      if (!continues(token) || token.kind === 'close') continue
      this.#operand = 'group'
      if (this.#afterOperand(token)) return true
    }
    return false
  }

  /** Reads to the end for comments in comments alone. */
  #skim(): void {
    for (
      let token = this.#take();
      token.kind !== 'end' && token.kind !== 'comment' && this.#tokens < MOST_TOKENS;
      token = this.#take()
    )
      if (continues(token) && token.kind === 'word') this.#queryWords += 1
  }

  #take(): Token {
    const token = this.#ahead ?? this.#lexer.next()
    this.#ahead = undefined
    this.#tokens += 1
    if (token.kind !== 'end') this.#note(LETTERS[token.kind] ?? 'x')
    return token
  }

  #peek(): Token {
    this.#ahead ??= this.#lexer.next()
    return this.#ahead
  }

  #note(letter: string): void {
    if (this.#shape.length < 8) this.#shape += letter
  }

  #peekWord(): string {
    const token = this.#peek()
    return token.kind === 'word' ? token.text : ''
  }

  /** An operand must come. */
  #operandAt(token: Token): boolean {
    switch (token.kind) {
      case 'number':
        return this.#setOperand('number')
      case 'string':
        return this.#setOperand(token.isOpen === true ? 'open-string' : 'string')
      case 'variable':
        if (token.text.startsWith('@@') && token.text.length > 4) this.#weak ??= 'a server variable'
        return this.#setOperand('variable')
      case 'name':
        return this.#setOperand('word')
      case 'open':
        if (this.#frames.length >= DEEPEST) return false
        this.#frames.push('group')
        this.#opened += 1
        return true
      case 'close':
        // `f()`, or a list that ends with nothing.
        if (this.#frames.at(-1) !== 'call') return false
        this.#frames.pop()
        this.#operand = 'call'
        return true
      case 'arith':
        if (token.text === '*') return this.#star()
        return '+-!~'.includes(token.text)
      case 'comma':
        return this.#inQuery
      case 'word':
        return this.#wordAsOperand(token.text)
      case 'other':
        // A backslash that undoes another.
        return token.text === '\\' && this.#tokens === 1
      default:
        return false
    }
  }

  #star(): boolean {
    if (!this.#inQuery && this.#frames.at(-1) !== 'call') return false
    this.#operand = 'word'
    this.#marks += 1
    return true
  }

  #setOperand(kind: Operand): boolean {
    if (this.#compared && kind !== 'word') this.#comparedLiteral = true
    if (this.#operands === 0 && kind !== 'word') this.#startedLiteral = true
    if (kind !== 'word') {
      this.#literals += 1
      if (this.#inQuery) this.#marks += 1
    }
    if (kind === 'number') this.#numbers += 1
    this.#operands += 1
    this.#operand = kind
    this.#judgeComparison(kind)
    return true
  }

  /** A comparison of constants after a logic operator is what nobody's query needs. */
  #judgeComparison(kind: Operand): void {
    if (!this.#compared || kind === 'word' || !this.#afterLogic) return
    if (this.#comparedLiteral && !this.#comparedName) this.#weak ??= 'a condition on constants'
    else if (this.#quote !== '' || this.#startedLiteral) this.#weak ??= 'a condition'
  }

  #wordAsOperand(word: string): boolean {
    if (this.#peek().kind === 'open' && kindOf(word) !== 'logic' && kindOf(word) !== 'select') return this.#call(word)
    const kind = kindOf(word)
    if (this.#tokens === 1 && /^(?:exec|execute|declare|waitfor)$/.test(word)) return this.#judgeStatement(word)
    switch (kind) {
      case 'not':
        return true
      case 'select':
        return this.#startQuery()
      case 'case':
        this.#frames.push('group')
        this.#queryWords += 1
        return true
      case 'when':
        return this.#inQuery || this.#frames.length > 0
      case 'constant':
        return this.#setOperand('constant')
      case 'statement':
      case 'clause':
      case 'filler':
        return this.#clauseWord(word)
      case 'union':
        return this.#union()
      case 'logic':
      case 'match':
        return false
      case 'type':
        if (this.#peek().kind === 'string' || this.#peek().kind === 'number') return true
        return this.#setOperand('word')
      default:
        if (CATALOGUE.test(word) && (this.#inQuery || this.#operators > 0)) this.#strong ??= 'the catalogue'
        return this.#setOperand('word')
    }
  }

  #call(word: string): boolean {
    const kind = callKind(word) ?? callKind(word.slice(word.lastIndexOf('.') + 1))
    this.#take()
    this.#frames.push('call')
    this.#marks += 1
    this.#operands += 1
    if (kind === 'probe' || CATALOGUE.test(word)) {
      this.#probes += 1
      if (this.#operators > 0 && (this.#quote !== '' || this.#operands + this.#literals > 1))
        this.#strong ??= 'a function that probes'
    } else if (kind === 'function') this.#functions += 1
    else if (kindOf(word) === 'union') return false
    if (this.#probes > 0) this.#weak ??= 'a function that probes'
    else if (this.#functions > 1 && this.#frames.length > 1) this.#weak ??= 'functions of SQL in each other'
    if (this.#afterLogic && kind !== undefined) this.#weak ??= 'a condition on a function'
    if (this.#afterLogic && this.#functions > 1 && this.#frames.length > 1)
      this.#strong ??= 'a condition on functions in each other'
    return true
  }

  /** SELECT where a query may begin. */
  #startQuery(): boolean {
    this.#inQuery = true
    this.#queryWords += 1
    this.#aliasUsed = false
    if (this.#operators > 0 || (this.#frames.length > 0 && (this.#quote !== '' || this.#queryWords > 1))) {
      const { kind, text } = this.#peek()
      const isPlain = kind === 'word' && kindOf(text) === undefined && callKind(text) === undefined
      if (isPlain || kind === 'end' || this.#operators === 0) this.#weak ??= 'a query in parentheses'
      else this.#strong ??= 'a query in parentheses'
    }
    this.#compared = false
    return true
  }

  /** A clause where an operand is due: `SELECT FROM`, `ORDER BY`, `LIMIT`: part of a query or not SQL. */
  #clauseWord(word: string): boolean {
    if (!this.#inQuery) return false
    if (word === 'from' || word === 'where') this.#queryWords += 1
    return true
  }

  /** An operand has come. */
  #afterOperand(token: Token): boolean {
    switch (token.kind) {
      case 'compare':
        this.#operators += 1
        this.#compared = true
        this.#comparedLiteral = this.#operand !== 'word'
        this.#comparedName = this.#operand === 'word'
        this.#joined ||= this.#quote === "'"
        this.#marks += 1
        this.#operand = undefined
        return true
      case 'arith':
        this.#operators += 1
        this.#joined ||= this.#quote !== '"' && token.text !== '/'
        if (token.text === '::' && this.#peek().kind === 'word') {
          this.#take()
          return true
        }
        this.#operand = undefined
        return true
      case 'logic':
        return this.#logic(token.text)
      case 'comma':
        this.#operators += 1
        if (this.#frames.length === 0 && !this.#inQuery) this.#listed = true
        this.#operand = undefined
        this.#compared = false
        this.#aliasUsed = false
        this.#marks += 1
        return true
      case 'close':
        return this.#close()
      case 'semicolon':
        return this.#statement()
      case 'word':
        return this.#wordAfterOperand(token.text)
      case 'string':
        // Neighbouring strings are one in MySQL; a name may be written as a string.
        if (this.#operand !== 'string' && !this.#inQuery) return false
        this.#operand = token.isOpen === true ? 'open-string' : 'string'
        return true
      case 'name':
      case 'variable':
        return this.#inQuery
      case 'number':
        return false
      default:
        return false
    }
  }

  #logic(text: string): boolean {
    this.#operators += 1
    this.#afterLogic = true
    this.#either = text !== 'and'
    this.#joined ||= this.#either
    this.#compared = false
    this.#operand = undefined
    if (text === '||' && this.#quote !== '') this.#weak ??= 'text joined to the value'
    return true
  }

  #close(): boolean {
    const frame = this.#frames.pop()
    if (frame === undefined) {
      this.#closedMore += 1
      this.#operators += 1
      // The value closes what the query opened.
      this.#operand = 'group'
      return this.#closedMore < 20
    }
    this.#operand = frame === 'call' ? 'call' : 'group'
    this.#aliasUsed = false
    return true
  }

  #wordAfterOperand(word: string): boolean {
    const kind = kindOf(word)
    if (kind === 'probe' && this.#quote !== '' && this.#peek().kind === 'open') this.#strong ??= 'a function that probes'
    switch (kind) {
      case 'logic':
        return this.#logic(word)
      case 'match':
        return this.#match(word)
      case 'not':
        return /^(?:like|in|between|rlike|regexp|ilike|similar|null)$/.test(this.#peekWord()) || this.#inQuery
      case 'union':
        return this.#union()
      case 'clause':
        return this.#clause(word)
      case 'case':
        return false
      case 'when':
        this.#operand = undefined
        this.#compared = false
        return this.#frames.length > 0 || this.#inQuery
      case 'end':
        this.#frames.pop()
        if (this.#literals > 1 || this.#functions > 0) this.#weak ??= 'a case'
        this.#operand = 'group'
        return true
      case 'statement':
        return this.#bareStatement(word)
      case 'select':
        return this.#quote !== '' && this.#operand !== 'word' && this.#judgeStatement(word)
      default:
        return this.#alias(word)
    }
  }

  #match(word: string): boolean {
    this.#operators += 1
    if (word === 'is') {
      if (this.#peekWord() === 'not') this.#take()
      const isTested = /^(?:null|true|false|unknown|distinct)$/.test(this.#peekWord()) || this.#peek().kind === 'number'
      if (!isTested) return false
    }
    if (word === 'similar' && this.#peekWord() === 'to') this.#take()
    if (word === 'sounds' && this.#peekWord() === 'like') this.#take()
    if (word === 'in' && this.#peek().kind !== 'open') return false
    this.#compared = word !== 'div' && word !== 'mod'
    this.#comparedLiteral = this.#operand !== 'word'
    this.#comparedName = this.#operand === 'word'
    this.#operand = undefined
    return true
  }

  #union(): boolean {
    this.#operators += 1
    this.#note('U')
    let next = this.#peekWord()
    while (next === 'all' || next === 'distinct' || next === 'distinctrow') {
      this.#take()
      next = this.#peekWord()
    }
    const opened = this.#peek().kind === 'open'
    while (this.#peek().kind === 'open') {
      this.#take()
      this.#frames.push('group')
    }
    if (this.#peekWord() !== 'select' && this.#peekWord() !== 'values' && this.#peekWord() !== 'table') {
      const isEnd = this.#peek().kind === 'end' || this.#peek().kind === 'comment'
      if (isEnd && (this.#quote !== '' || this.#lexer.inlineComments > 0 || this.#peek().kind === 'comment'))
        this.#weak ??= 'a union'
      this.#operand = 'group'
      return isEnd && this.#weak !== undefined
    }
    this.#take()
    this.#inQuery = true
    this.#queryWords += 2
    this.#judgeUnion(opened)
    this.#operand = undefined
    this.#compared = false
    return true
  }

  /** What stands first in the list tells a query from English (`the union select committee`). */
  #judgeUnion(opened: boolean): void {
    const { kind, text } = this.#peek()
    const isWord = kind === 'word' && kindOf(text) === undefined
    if (!isWord || opened) {
      this.#strong ??= 'a union of queries'
      return
    }
    this.#weak ??= 'a union of queries'
    if (this.#quote !== '' || this.#operand === 'number') this.#strong ??= 'a union of queries'
  }

  #clause(word: string): boolean {
    const before = this.#operand
    this.#operators += 1
    this.#operand = undefined
    this.#compared = false
    this.#aliasUsed = false
    const next = this.#peek()
    switch (word) {
      case 'group':
      case 'order':
      case 'partition':
        return this.#by(word, before)
      case 'limit':
      case 'offset':
        if (next.kind !== 'number' && next.kind !== 'word' && next.kind !== 'open' && next.kind !== 'variable') return false
        if (this.#quote !== '' && next.kind === 'number') this.#weak ??= 'a limit'
        return true
      case 'having':
        this.#afterLogic = before !== 'word' || this.#inQuery
        this.#either = false
        return this.#afterLogic
      case 'where':
        this.#afterLogic = before !== 'word' || this.#inQuery
        this.#either = false
        return true
      case 'procedure':
        if (next.kind === 'word' && next.text === 'analyse') this.#strong ??= 'PROCEDURE ANALYSE'
        return next.kind === 'word'
      case 'into':
        if (next.kind === 'word' && (next.text === 'outfile' || next.text === 'dumpfile')) this.#strong ??= 'a file is written'
        return this.#inQuery
      case 'from':
        this.#queryWords += 1
        // `f(x FROM 1 FOR 2)` is a call's own word.
        return this.#inQuery || this.#frames.at(-1) === 'call'
      default:
        return this.#inQuery || this.#frames.at(-1) === 'call'
    }
  }

  #by(word: string, before: Operand | undefined): boolean {
    if (this.#peekWord() !== 'by') return false
    this.#take()
    const next = this.#peek()
    if (word === 'order' && next.kind === 'number' && (before !== 'word' || this.#inQuery))
      this.#weak ??= 'columns counted by ORDER BY'
    if (word === 'group' && before !== 'word') this.#weak ??= 'a group'
    this.#inQuery = true
    return true
  }

  /** A word after an operand: a new name for it in a query, else no SQL. */
  #alias(word: string): boolean {
    const kind = kindOf(word)
    if (kind === 'filler') return this.#inQuery || this.#frames.at(-1) === 'call'
    if (!this.#inQuery) return this.#frames.at(-1) === 'call' && kind === 'type'
    if (this.#aliasUsed && kind === undefined) return false
    if (CATALOGUE.test(word)) this.#strong ??= 'the catalogue'
    this.#aliasUsed = true
    return true
  }

  /** A statement without a semicolon before it, as SQL Server has it: `1' exec xp_…`, `1 waitfor delay '…'`. */
  #bareStatement(word: string): boolean {
    const isPlain = this.#operand === 'word' || this.#operand === 'constant'
    if (isPlain && !/^(?:waitfor|exec|execute)$/.test(word)) return false
    return this.#judgeStatement(word)
  }

  #statement(): boolean {
    this.#operators += 1
    const next = this.#take()
    if (next.kind === 'end' || next.kind === 'comment') {
      if (next.kind === 'comment' && (this.#quote !== '' || this.#closedMore > 0)) this.#weak ??= 'the statement is ended'
      this.#ahead = next
      this.#frames.length = 0
      this.#operand = 'group'
      this.#operators = Math.min(this.#operators, 1)
      return true
    }
    if (next.kind === 'semicolon') return true
    if (next.kind !== 'word') return false
    this.#frames.length = 0
    return this.#judgeStatement(next.text)
  }

  /** What follows tells a statement from prose (`; drop in any time`). */
  #judgeStatement(word: string): boolean {
    const next = this.#peek()
    const text = next.kind === 'word' ? next.text : ''
    const object =
      /^(?:table|database|schema|view|index|user|login|role|procedure|proc|function|trigger|sequence|type|column|assembly|if|temporary|temp|or|global|unique|materialized|extension|server|tablespace|session|system|aggregate|alias|library|java)$/
    const isSign =
      (/^(?:drop|alter|create|truncate|rename|lock)$/.test(word) && object.test(text)) ||
      (/^(?:insert|merge|replace)$/.test(word) && /^(?:into|ignore|delayed|low_priority)$/.test(text)) ||
      (word === 'delete' && /^(?:from|low_priority|quick|ignore)$/.test(text)) ||
      (word === 'update' && next.kind !== 'end' && next.kind !== 'comment' && this.#updates()) ||
      (/^(?:exec|execute|call)$/.test(word) &&
        (/^(?:master|xp_|sp_|sys|immediate|dbms_|utl_|msdb)/.test(text) ||
          next.kind === 'open' ||
          next.kind === 'variable' ||
          next.kind === 'string')) ||
      (word === 'declare' && (next.kind === 'variable' || this.#declares())) ||
      (word === 'waitfor' && /^(?:delay|time)$/.test(text)) ||
      (word === 'shutdown' && (next.kind === 'end' || next.kind === 'comment' || next.kind === 'semicolon' || text === 'with')) ||
      (word === 'copy' && (next.kind === 'word' || next.kind === 'open')) ||
      (/^(?:grant|revoke)$/.test(word) && /^(?:all|select|insert|update|delete|execute|connect|dba|create)$/.test(text)) ||
      (word === 'begin' &&
        (/^(?:declare|dbms_|utl_|execute|waitfor|transaction|tran|if|select)/.test(text) || next.kind === 'end')) ||
      (word === 'if' &&
        (next.kind === 'number' ||
          next.kind === 'open' ||
          next.kind === 'variable' ||
          /^(?:exists|user|system_user|is_srvrolemember|1|substring|ascii)$/.test(text))) ||
      (word === 'while' && next.kind === 'number') ||
      (word === 'set' && (next.kind === 'variable' || /^(?:global|session|names|password)$/.test(text))) ||
      (word === 'load' && /^(?:data|xml)$/.test(text)) ||
      (word === 'handler' && text !== '') ||
      (/^(?:bulk|backup|restore)$/.test(word) && /^(?:insert|database|log)$/.test(text)) ||
      (word === 'dbcc' && text !== '') ||
      (/^(?:attach|detach)$/.test(word) && text === 'database') ||
      (word === 'show' && /^(?:databases|tables|columns|grants|variables|schemas|create)$/.test(text)) ||
      (word === 'prepare' && text !== '') ||
      (word === 'reconfigure' && next.kind !== 'word') ||
      (word === 'print' && (next.kind === 'variable' || next.kind === 'string'))
    if (isSign) {
      this.#strong ??= 'a statement'
      return true
    }
    if (word === 'select' || word === 'values') {
      const isPlain = next.kind === 'word' && kindOf(next.text) === undefined && callKind(next.text) === undefined
      if (isPlain) this.#weak ??= 'a second query'
      else this.#strong ??= 'a second query'
      this.#inQuery = true
      this.#operand = undefined
      return true
    }
    return false
  }

  #declares(): boolean {
    const name = this.#take()
    return name.kind === 'word' && (kindOf(this.#peekWord()) === 'type' || this.#peekWord() === 'cursor')
  }

  #updates(): boolean {
    const table = this.#take()
    return (table.kind === 'word' || table.kind === 'name') && this.#peekWord() === 'set'
  }

  #atEnd(token: Token): void {
    const quoted = this.#quote !== ''
    // The value ended inside the query's string: nothing was broken out of.
    if (this.#tokens === 1 && this.#operand === 'open-string') return
    if (token.kind === 'comment') this.#judgeComment(token.text === '')
    if (quoted && this.#afterLogic && this.#operand !== 'word' && (this.#either || this.#compared || this.#operand === 'number'))
      this.#weak ??= 'a condition'
    if (quoted && this.#joined && (this.#operand === 'open-string' || this.#operand === 'string'))
      this.#weak ??= 'text joined to the value'
    const isFilter = this.#comparedName && this.#quote === '' && !this.#startedLiteral
    if (this.#afterLogic && this.#compared && this.#comparedLiteral && !isFilter) this.#weak ??= 'a condition on constants'
    if (this.#either && !this.#listed && this.#operand === 'number' && this.#operands === 2 && this.#numbers === 2)
      this.#weak ??= 'a condition on numbers'
    const isQuery = this.#queryWords > 1 || (this.#queryWords > 0 && this.#functions > 0)
    if (isQuery && this.#marks > 0 && (this.#inQuery || this.#frames.length > 0)) this.#weak ??= 'a query'
  }

  /** The rest of the query commented away: by a comment that ends the value, or after what nobody writes before a dash. */
  #judgeComment(isBare: boolean): void {
    const reason = 'the rest is commented away'
    if (this.#quote !== '' && this.#operators === 0 && this.#operand === 'string') {
      if (!this.#lexer.tailHasSpace && (isBare || !this.#lexer.endsByHash)) this.#weak ??= reason
      return
    }
    const isTelling = isBare || this.#literals > 0 || this.#afterLogic || this.#closedMore > 0
    if (this.#quote !== '' && this.#operand !== 'open-string' && isTelling) this.#weak ??= reason
    if (this.#compared && this.#numbers > 1 && this.#numbers === this.#operands) this.#weak ??= 'a condition on numbers'
    if (this.#closedMore > 0 || (this.#inQuery && this.#marks > 0)) this.#weak ??= reason
    if (this.#lexer.endsInBlock && this.#literals > 0 && this.#numbers === this.#operands) this.#weak ??= reason
    if (isBare && this.#literals > 0 && (this.#operators > 0 || this.#opened > 0 || this.#operand === 'variable'))
      this.#weak ??= reason
  }
}

/** Tokens with which a value can go on where the query's own operand stands before it. */
function continues({ kind, text }: Token): boolean {
  if (kind === 'word') return kindOf(text) === 'union' || kindOf(text) === 'logic'
  return kind === 'logic' || kind === 'close' || kind === 'semicolon'
}
