/** A trie over UTF-16 units, walked forwards (prefixes) or backwards (suffixes). Each literal carries ids. */
interface Node {
  ids: number[] | undefined
  next: Map<number, Node> | undefined
}

export class Trie {
  readonly #root: Node = { ids: undefined, next: undefined }
  readonly #backwards: boolean

  constructor(backwards: boolean) {
    this.#backwards = backwards
  }

  add(literal: string, id: number): void {
    let node = this.#root
    for (let step = 0; step < literal.length; step += 1) {
      const unit = literal.charCodeAt(this.#backwards ? literal.length - 1 - step : step)
      node.next ??= new Map()
      let next = node.next.get(unit)
      if (next === undefined) {
        next = { ids: undefined, next: undefined }
        node.next.set(unit, next)
      }
      node = next
    }
    node.ids ??= []
    node.ids.push(id)
  }

  /** Ids of every literal that the text begins (or ends) with. */
  collect(text: string, into: number[]): void {
    let node: Node | undefined = this.#root
    for (let step = 0; ; step += 1) {
      if (node.ids !== undefined) into.push(...node.ids)
      if (node.next === undefined || step >= text.length) return
      node = node.next.get(text.charCodeAt(this.#backwards ? text.length - 1 - step : step))
      if (node === undefined) return
    }
  }
}
