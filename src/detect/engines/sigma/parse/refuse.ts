/** Where in a document a fault lies: keys and list positions from its root. */
export type YamlPath = readonly (string | number)[]

/** Thrown inside the loader only; it becomes a Refusal with a line. */
export class RuleFault extends Error {
  readonly code: string
  readonly path: YamlPath
  constructor(code: string, reason: string, path: YamlPath) {
    super(reason)
    this.name = 'RuleFault'
    this.code = code
    this.path = path
  }
}
