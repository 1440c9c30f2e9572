import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import type { OperatorContext, Test } from '../operators/operator.ts'
import { operators } from '../operators/registry.ts'
import { expand } from './expand.ts'
import { type Macro, parseMacro } from './macro.ts'
import type { OperatorUse, Run } from './program.ts'

/** Compiled arguments of one rule that are remembered: macros of a rule give few different texts, an attacker's more. */
const REMEMBERED = 64

const COSTLY = /^(?:rx|pm|detect|validate|verify|contains|ip)/

export interface WrittenOperator {
  readonly negated: boolean
  /** In lower case. */
  readonly name: string
  readonly argument: string
}

/** `!@rx ^\d+$`; a text without `@name` is a regular expression. */
export function parseOperator(text: string): WrittenOperator {
  const match = /^\s*(!?)\s*(?:@([A-Za-z0-9_]+)(?:\s+|$))?([\s\S]*)$/.exec(text)!
  return { negated: match[1] === '!', name: (match[2] ?? 'rx').toLowerCase(), argument: match[3]! }
}

/** Compiles a rule's operator. Throws `KanpekiError` where there is none of that name or it refuses its argument. */
export function useOperator(written: WrittenOperator, file: string): OperatorUse {
  const operator = Object.hasOwn(operators, written.name) ? operators[written.name] : undefined
  if (operator === undefined) {
    throw new KanpekiError('seclang-operator', `there is no operator @${written.name}`, {
      remedy: 'Use another operator or leave the rule out.',
    })
  }
  const context: OperatorContext = { readData: (name) => readData(name, file) }
  const argument = parseMacro(written.argument)
  if (typeof argument === 'string') {
    const test = operator.compile(argument, context)
    return {
      negated: written.negated,
      test: () => test,
      occurs: test.occurs,
      costly: COSTLY.test(written.name),
      key: `${written.name} ${dirname(file)} ${argument}`,
    }
  }
  return {
    negated: written.negated,
    test: rememberTests(argument, (text) => operator.compile(text, context)),
    occurs: undefined,
    costly: false,
    key: '',
  }
}

function rememberTests(argument: Macro, compile: (argument: string) => Test): (run: Run) => Test {
  const known = new Map<string, Test>()
  return (run) => {
    const text = expand(run, argument)
    let test = known.get(text)
    if (test === undefined) {
      if (known.size >= REMEMBERED) known.clear()
      test = compileOrNever(text, compile)
      known.set(text, test)
    }
    return test
  }
}

/** What a macro makes of an argument comes from requests, too: one that cannot be compiled finds nothing. */
function compileOrNever(text: string, compile: (argument: string) => Test): Test {
  try {
    return compile(text)
  } catch (error) {
    if (error instanceof KanpekiError) return () => undefined
    throw error
  }
}

function readData(name: string, file: string): string {
  const path = isAbsolute(name) ? name : join(dirname(file), name)
  try {
    return readFileSync(path, 'latin1')
  } catch {
    throw new KanpekiError('seclang-data', `the data file ${name} cannot be read`, {
      place: { file: path },
      remedy: 'Put it beside the rule file that names it.',
    })
  }
}
