import { collector, type LockReading } from '../lockfiles/lockfile.ts'

/** Before what Go's linker writes of a program (debug/buildinfo). */
export const GO_MAGIC = Buffer.from('\xff Go buildinf:', 'latin1')
/** Go 1.18 and later write their strings here; what is older points elsewhere and is not read. */
const INLINE = 2
const HEADER = 32
const SENTINEL = 16

/**
 * What a Go program was built of, as its linker wrote into it (debug/buildinfo): the version of Go, then lines of `mod`, `dep` and
 * `=>`. Undefined for what is no Go program, or one built before 1.18.
 */
export function goBuildInfo(bytes: Buffer): string | undefined {
  for (let at = bytes.indexOf(GO_MAGIC); at >= 0; at = bytes.indexOf(GO_MAGIC, at + 1)) {
    if (((bytes[at + 15] ?? 0) & INLINE) === 0) continue
    const version = stringAt(bytes, at + HEADER)
    if (version === undefined || !/^(go|devel)/.test(version.text)) continue
    const modules = stringAt(bytes, version.end)?.text ?? ''
    return `${version.text}\n${modules.slice(SENTINEL, -SENTINEL)}`
  }
  return undefined
}

/**
 * Modules that a Go program holds, replaced ones as what replaced them, and Go's own library. What was built from a working copy
 * (`(devel)`) has no version and is left. @param info of `goBuildInfo`.
 */
export function goModules(info: string): LockReading {
  const found = collector()
  const [toolchain = '', ...lines] = info.split('\n')
  const go = /^go(\d[\w.]*)/.exec(toolchain)?.[1]
  if (go !== undefined) found.add('golang', 'stdlib', go)
  for (const [at, line] of lines.entries()) {
    const [kind, name, version] = line.split('\t')
    if ((kind !== 'mod' && kind !== 'dep' && kind !== '=>') || name === undefined) continue
    if (lines[at + 1]?.startsWith('=>\t') === true) continue
    if (version !== undefined && /^v\d/.test(version)) found.add('golang', name, version.slice(1))
    else found.leave(name)
  }
  return found.reading()
}

/** A string after its length as an unsigned varint. */
function stringAt(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  let length = 0
  let at = start
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined || shift > 28) return undefined
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return at + length > bytes.length ? undefined : { text: bytes.toString('latin1', at, at + length), end: at + length }
}
