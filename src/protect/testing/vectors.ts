import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One of OWASP's SecLang vectors; only an operator has a parameter, and `ret` says whether it matched. */
export interface Vector {
  readonly name: string
  readonly param?: string
  readonly input: string
  readonly output: string
  readonly ret: number
  readonly re_groups?: readonly string[]
}

/**
 * Texts are UTF-8 bytes in which `\xHH` and `\uHHHH` stand for a byte, as the vectors' own runner reads them: one character a byte
 * afterwards.
 */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/\\x([0-9A-Za-z]{2})/g, (_, digits: string) => String.fromCharCode((Number.parseInt(digits, 16) || 0) & 255))
    .replace(/\\u([0-9A-Za-z]{4})/g, (_, digits: string) => String.fromCharCode((Number.parseInt(digits, 16) || 0) & 255))
}

export function readVectors(folder: string): Vector[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return files.flatMap((file) =>
    (JSON.parse(readFileSync(join(folder, file), 'utf8')) as (Vector & { output?: string })[]).map((vector) => ({
      ...vector,
      name: file.slice(0, -'.json'.length),
      input: bytesOf(vector.input),
      output: bytesOf(vector.output ?? ''),
      ...(vector.param === undefined ? {} : { param: Buffer.from(vector.param, 'utf8').toString('latin1') }),
      ...(vector.re_groups === undefined
        ? {}
        : { re_groups: vector.re_groups.map((group) => Buffer.from(group, 'utf8').toString('latin1')) }),
    })),
  )
}
