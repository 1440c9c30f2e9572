/** Values of a statement: SQL refers to them as `{p1:String}`, the engine binds them, and no value becomes SQL. */
export class Params {
  readonly values: Record<string, string | number | readonly (string | number)[]> = {}
  #count = 0

  add(
    type: 'String' | 'Array(String)' | 'Array(Int64)' | 'UInt64' | 'Int64' | 'UInt32' | 'Float64',
    value: string | number | readonly (string | number)[],
  ): string {
    this.#count += 1
    const name = `p${this.#count}`
    this.values[name] = value
    return `{${name}:${type}}`
  }

  text(value: string): string {
    return this.add('String', value)
  }
}
