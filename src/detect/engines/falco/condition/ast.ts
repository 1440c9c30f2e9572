/** Functions that Falco applies to a field before it is compared. */
export const TRANSFORMERS = ['tolower', 'toupper', 'b64', 'basename', 'len'] as const
export type Transformer = (typeof TRANSFORMERS)[number]

/** A field of a condition: `tolower(proc.name)`, `ka.uri.param[command]`. Transformers are listed outermost first. */
export interface FieldRef {
  readonly name: string
  readonly argument?: string
  readonly through: readonly Transformer[]
}

export const TEXT_OPERATORS = [
  '==',
  '=',
  '!=',
  'glob',
  'iglob',
  'contains',
  'icontains',
  'bcontains',
  'startswith',
  'bstartswith',
  'endswith',
  'regex',
] as const
export const NUMBER_OPERATORS = ['<=', '<', '>=', '>'] as const
export const LIST_OPERATORS = ['intersects', 'in', 'pmatch'] as const

export type Operator =
  | 'exists'
  | (typeof TEXT_OPERATORS)[number]
  | (typeof NUMBER_OPERATORS)[number]
  | (typeof LIST_OPERATORS)[number]

/** One value as it is written; a bare word may be the name of a list. */
export interface WrittenValue {
  readonly text: string
  readonly quoted: boolean
}

export interface Check {
  readonly kind: 'check'
  readonly field: FieldRef
  readonly operator: Operator
  readonly values: readonly WrittenValue[]
  /** The right side where it is a field: `val(proc.pname)`. */
  readonly other?: FieldRef
}

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly kind: 'not'; readonly item: Condition }
  | { readonly kind: 'macro'; readonly name: string }
  | Check

/** `proc.aname[2]`, `tolower(proc.name)`: how a field is written, and how the compiled rule names it. */
export function fieldText({ name, argument, through }: FieldRef): string {
  const plain = argument === undefined ? name : `${name}[${argument}]`
  return through.reduceRight((text, transformer) => `${transformer}(${text})`, plain)
}
