/** BinXml taken apart ([MS-EVEN6] §2.2.12): what a template says, with holes where a record's values go. */
export type Node =
  | ElementNode
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'hole'; readonly index: number }
  | { readonly kind: 'value'; readonly slot: Slot }
  | { readonly kind: 'instance'; readonly instance: Instance }

export interface ElementNode {
  readonly kind: 'element'
  readonly name: string
  readonly attributes: readonly { readonly name: string; readonly value: readonly Node[] }[]
  readonly children: readonly Node[]
  /** The hole without whose value the element is left out; 0xffff where there is none. */
  readonly dependency: number
}

/** A template with the values of one record. */
export interface Instance {
  readonly nodes: readonly Node[]
  readonly slots: readonly Slot[]
}

/** Where a value lies in its chunk, and its type. */
export interface Slot {
  readonly type: number
  readonly start: number
  readonly end: number
}
