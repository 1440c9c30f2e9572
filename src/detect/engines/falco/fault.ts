/** Why a rule, macro or list is refused; the loader turns it into a Refusal with its line. */
export class FalcoFault extends Error {
  readonly code: string
  /** Key of the item that the fault is about, for the line. */
  readonly key: string

  constructor(code: string, reason: string, key = 'condition') {
    super(reason)
    this.name = 'FalcoFault'
    this.code = code
    this.key = key
  }
}
