/** Why a correlation document is refused. `path` leads to the faulty key from the document's root. */
export class SpecFault extends Error {
  readonly path: readonly string[]

  constructor(path: readonly string[], reason: string) {
    super(reason)
    this.name = 'SpecFault'
    this.path = path
  }
}
