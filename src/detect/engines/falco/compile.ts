import { type Check, type Condition, fieldText, type Operator } from './condition/ast.ts'
import { allOf, anyOf, type Expression, type FieldTest, notOf, type RegexTest } from './expression.ts'
import { FalcoFault } from './fault.ts'
import { type FieldKind, OUTSIDE } from './fields/field.ts'
import { globTest } from './glob.ts'

/** What a condition means in events of one source. */
export interface CompileContext {
  /** What a field is there; undefined where events of the source do not have it. */
  kindOf(field: Check['field']): FieldKind | undefined
  /**
   * Events hold only some fields and what is not there is not known: a condition then holds only where it would, whatever the
   * missing values were.
   */
  readonly partial: boolean
  /** Why a regular expression cannot run, or nothing. */
  checkRegex(test: RegexTest): { readonly reason: string } | undefined
}

export interface Compiled {
  readonly expression: Expression
  /** Fields that events of the source do not have, as the rule writes them. With any of them the rule cannot run there. */
  readonly missing: readonly string[]
}

/** Compiles a condition for one source. Throws FalcoFault for a comparison that means nothing. */
export function compileCondition(condition: Condition, context: CompileContext): Compiled {
  const missing = new Set<string>()
  const expression = compile(condition, false)
  return { expression, missing: [...missing].sort() }

  function compile(part: Condition, negated: boolean): Expression {
    switch (part.kind) {
      case 'and':
      case 'or':
        return joined(part.kind, part.items, negated)
      case 'not':
        return notOf(compile(part.item, !negated))
      case 'macro':
        throw new FalcoFault('macro-unknown', `the macro '${part.name}' was not written out`)
      case 'check': {
        const known = constantOf(part)
        if (known !== undefined) return known
        const kinds = [part.field, ...(part.other === undefined ? [] : [part.other])].map((field) => {
          const kind = context.kindOf(field)
          if (kind === undefined) missing.add(fieldText({ ...field, through: [] }))
          return kind
        })
        // Without the field the answer is not known; the rule will not run here.
        if (kinds.includes(undefined))
          return { kind: 'test', field: fieldText(part.field), test: { kind: 'valued' }, written: writtenOf(part) }
        const check = compileCheck(part, kinds[0]!, context)
        return negated && context.partial ? anyOf([check, unknownOf(part)]) : check
      }
    }
  }

  /** What cannot be otherwise is left out with all it names: `never_true and proc.aname=x` asks for nothing. */
  function joined(kind: 'and' | 'or', items: readonly Condition[], negated: boolean): Expression {
    const before = new Set(missing)
    const join = kind === 'and' ? allOf : anyOf
    const made = join(items.map((item) => compile(item, negated)))
    if (made.kind === 'constant') {
      missing.clear()
      for (const name of before) missing.add(name)
    }
    return made
  }
}

function writtenOf({ operator, values }: Check): { readonly modifiers: readonly string[]; readonly value: string } {
  return { modifiers: [operator], value: values.map(({ text }) => text).join(', ') }
}

function unknownOf({ field, other }: Check): Expression {
  return anyOf(
    [field, other].flatMap((each): Expression[] =>
      each === undefined
        ? []
        : [
            {
              kind: 'test',
              field: fieldText(each),
              test: { kind: 'exists', expected: false },
              written: { modifiers: [], value: '' },
            },
          ],
    ),
  )
}

/** `evt.num` counts from 1: Falco's rules write "always" and "never" with it. */
function constantOf({ field, operator, values }: Check): Expression | undefined {
  if (field.name !== 'evt.num' || field.through.length > 0) return undefined
  if (operator === 'exists') return { kind: 'constant', value: true }
  const number = Number(values[0]?.text)
  if (values.length !== 1 || number > 0) return undefined
  const holds: Partial<Record<Operator, boolean>> = {
    '=': false,
    '==': false,
    '!=': true,
    '>': true,
    '>=': true,
    '<': false,
    '<=': false,
  }
  const value = holds[operator]
  return value === undefined ? undefined : { kind: 'constant', value }
}

const COMPARE = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const

function compileCheck(check: Check, kind: FieldKind, { checkRegex }: CompileContext): Expression {
  const { operator, values } = check
  const field = fieldText(check.field)
  const leaf = (test: FieldTest, value = values.map((each) => each.text).join(', ')): Expression => ({
    kind: 'test',
    field,
    test,
    written: { modifiers: [operator], value },
  })
  const valued = leaf({ kind: 'valued' })
  if (operator === 'exists') return valued
  if (check.other !== undefined) return compareFields(check, fieldText(check.other), leaf)
  const only = values[0]?.text ?? ''
  switch (operator) {
    case '<':
    case '<=':
    case '>':
    case '>=':
      return leaf({ kind: 'compare', how: COMPARE[operator], number: Number(only) })
    case '=':
    case '==':
      return leaf(equalTest(only, kind))
    case '!=':
      // A field without a value is not "different": Falco compares nothing with it.
      return allOf([valued, notOf(leaf(equalTest(only, kind)))])
    case 'contains':
    case 'startswith':
    case 'endswith':
      return leaf({ kind: 'literal', how: HOW[operator], text: only, cased: true })
    case 'icontains':
      return leaf({ kind: 'literal', how: 'contains', text: only.toLowerCase(), cased: false })
    case 'bcontains':
    case 'bstartswith':
      return leaf({ kind: 'literal', how: HOW[operator], text: bytesOf(only), cased: true })
    case 'glob':
    case 'iglob':
      return leaf(checked(globTest(only, operator === 'glob'), checkRegex))
    case 'regex':
      return leaf(
        checked({ kind: 'regex', pattern: `^(?:${only})$`, insensitive: false, multiline: false, dotAll: true }, checkRegex),
      )
    case 'in': {
      const some = anyOf(values.map(({ text }) => leaf(equalTest(text, kind), text)))
      if (!kind.list) return some
      // All values of a list must be among those that are named.
      const outside = {
        kind: 'test',
        field: OUTSIDE.name(
          field,
          values.map(({ text }) => text),
        ),
        test: { kind: 'null' },
        written: { modifiers: ['in'], value: '' },
      } as const
      return allOf([some, outside])
    }
    case 'intersects':
      return anyOf(values.map(({ text }) => leaf(equalTest(text, kind), text)))
    case 'pmatch':
      return anyOf(values.map(({ text }) => pathPrefix(text, (test) => leaf(test, text))))
  }
}

const HOW = {
  contains: 'contains',
  bcontains: 'contains',
  startswith: 'prefix',
  bstartswith: 'prefix',
  endswith: 'suffix',
} as const

function compareFields({ operator }: Check, other: string, leaf: (test: FieldTest, value: string) => Expression): Expression {
  const how = FIELD_HOW.get(operator)
  if (how === undefined) throw new FalcoFault('operator', `'${operator}' cannot compare two fields`)
  const same = leaf({ kind: 'field', how, other, cased: operator !== 'icontains' }, `val(${other})`)
  return operator === '!=' ? allOf([leaf({ kind: 'valued' }, ''), notOf(same)]) : same
}

const FIELD_HOW: ReadonlyMap<Operator, 'exact' | 'prefix' | 'suffix' | 'contains'> = new Map([
  ['=', 'exact'],
  ['==', 'exact'],
  ['!=', 'exact'],
  ['in', 'exact'],
  ['intersects', 'exact'],
  ['contains', 'contains'],
  ['icontains', 'contains'],
  ['startswith', 'prefix'],
  ['endswith', 'suffix'],
])

/** Numbers are equal as numbers, addresses also by network, all else letter by letter. */
function equalTest(text: string, kind: FieldKind): FieldTest {
  if (kind.type === 'number' && /^(?:0x[0-9a-f]+|-?\d+)$/i.test(text)) return { kind: 'compare', how: 'eq', number: Number(text) }
  if (kind.type === 'address') {
    const network = networkOf(text)
    if (network !== undefined) return { kind: 'cidr', network }
  }
  return { kind: 'literal', how: 'exact', text, cased: true }
}

function networkOf(text: string): string | undefined {
  const bare = text.replace(/^"|"$/g, '')
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(bare)) return `${bare}/32`
  if (/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/.test(bare)) return bare
  if (/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(bare)) return `${bare}/128`
  return /^[0-9a-f:.]*:[0-9a-f:.]*\/\d{1,3}$/i.test(bare) ? bare : undefined
}

/** `/etc` is a prefix of `/etc` and of `/etc/passwd`, not of `/etcetera`; `*` stays within one part of the path. */
function pathPrefix(path: string, leaf: (test: FieldTest) => Expression): Expression {
  const base = path.length > 1 ? path.replace(/\/+$/, '') : path
  if (!/[*?[]/.test(base)) {
    const below = base === '/' ? '/' : `${base}/`
    return anyOf([
      leaf({ kind: 'literal', how: 'exact', text: base, cased: true }),
      leaf({ kind: 'literal', how: 'prefix', text: below, cased: true }),
    ])
  }
  const parts = base.split('/').map((part) =>
    part
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]'),
  )
  return leaf({ kind: 'regex', pattern: `^${parts.join('/')}(?:/.*)?$`, insensitive: false, multiline: false, dotAll: true })
}

function bytesOf(hex: string): string {
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) throw new FalcoFault('value', `'${hex}' is no text of bytes in hexadecimal`)
  return Buffer.from(hex, 'hex').toString('latin1')
}

function checked(test: FieldTest, checkRegex: CompileContext['checkRegex']): FieldTest {
  if (test.kind !== 'regex') return test
  const fault = checkRegex(test)
  if (fault !== undefined) throw new FalcoFault('regex', `${fault.reason}`)
  return test
}
