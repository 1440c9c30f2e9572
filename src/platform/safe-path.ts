import { lstat, readlink } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { KanpekiError } from '../kernel/error.ts'

/** Names that Windows takes for devices, with any extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i
const MAX_PATH_BYTES = 4096
const MAX_NAME_BYTES = 255

/**
 * Joins a path that came from outside (a URL, an archive, an upload) below a folder of ours, by its text alone.
 * Forward slashes part names. Refused: empty, absolute, `.` and `..`, empty names, NUL and control characters,
 * backslashes, colons (drives, alternate streams), Windows' device names, names ending in a dot or a space: what one
 * system takes for a plain name leads elsewhere on another.
 * @returns the absolute path below `root`. @throws KanpekiError `unsafe_path`.
 */
export function joinBelow(root: string, outside: string): string {
  const why = faultOf(outside)
  if (why !== undefined) throw unsafe(outside, why)
  const base = resolve(root)
  const full = join(base, ...outside.split('/'))
  // Names are checked above; this holds even if that list should ever miss something.
  if (!full.startsWith(base.endsWith(sep) ? base : base + sep)) throw unsafe(outside, 'it leads outside')
  return full
}

/**
 * The same, and no symbolic link on the way below `root`, whether or not the file exists yet. A link made between this
 * check and the use is not seen: use it on folders that nobody else writes to, and open new files with `wx`.
 * @throws KanpekiError `unsafe_path`.
 */
export async function fileBelow(root: string, outside: string): Promise<string> {
  const full = joinBelow(root, outside)
  const base = resolve(root)
  for (let at = full; at !== base; at = dirname(at)) {
    const found = await lstat(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw error
    })
    if (found?.isSymbolicLink() === true) throw unsafe(outside, `there is a link on its way, to ${await readlink(at)}`)
  }
  return full
}

/** Why a name from outside cannot be one of ours; undefined if it can. */
function faultOf(outside: string): string | undefined {
  if (outside === '') return 'it is empty'
  if (Buffer.byteLength(outside) > MAX_PATH_BYTES) return 'it is too long'
  if (!outside.isWellFormed()) return 'it is not Unicode'
  for (const name of outside.split('/')) {
    if (name === '') return 'it is absolute, or a name in it is empty'
    if (name === '.' || name === '..') return `it has the name '${name}'`
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return 'a name in it is too long'
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
    if (/[\u0000-\u001f\u007f\\:]/.test(name)) return 'it has a control character, a backslash or a colon'
    if (/[. ]$/.test(name)) return 'a name in it ends in a dot or a space'
    if (WINDOWS_DEVICE.test(name)) return `it has a device's name`
  }
  return undefined
}

function unsafe(outside: string, why: string): KanpekiError {
  return new KanpekiError('unsafe_path', `The path ${JSON.stringify(outside.slice(0, 200))} is refused: ${why}.`, {
    remedy: 'Use a relative path of plain names with forward slashes.',
  })
}
