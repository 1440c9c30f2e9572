import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'

/** Extended attributes and ACLs of one path; a path without any has none of both. */
export interface Attributes {
  readonly acl?: string
  readonly xattrs?: string
}

const PROGRAM = 'getfattr'
/** What one call is given: the kernel takes more, but one long call would hold its output in memory. */
const MOST_PATHS = 2_000
const MOST_LENGTH = 200_000
const MOST_OUTPUT = 64_000_000
const TIMEOUT_MS = 60_000

/**
 * Reads attributes and ACLs by `getfattr` (Debian: package attr), for Node cannot: one process for two thousand paths. The
 * kernel shows an ACL as an attribute, too.
 * @returns paths that have any; undefined where the program is not installed.
 */
export async function readAttributes(paths: readonly string[]): Promise<Map<string, Attributes> | undefined> {
  const found = new Map<string, Attributes>()
  for (const some of portions(paths)) {
    const output = await run(some)
    if (output === undefined) return undefined
    for (const [path, attributes] of parseAttributes(output)) found.set(path, attributes)
  }
  return found
}

function* portions(paths: readonly string[]): Generator<string[]> {
  let some: string[] = []
  let length = 0
  for (const path of paths) {
    if (some.length >= MOST_PATHS || length + path.length > MOST_LENGTH) {
      yield some
      some = []
      length = 0
    }
    some.push(path)
    length += path.length
  }
  if (some.length > 0) yield some
}

/** What could be read; a path that is gone meanwhile makes it end with 1, and says the others all the same. */
const run = (paths: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const options = {
      maxBuffer: MOST_OUTPUT,
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL' as const,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    }
    execFile(PROGRAM, ['-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '--', ...paths], options, (error, stdout) => {
      if (error === null || error.code === 1) resolve(stdout)
      else if (error.code === 'ENOENT') resolve(undefined)
      else reject(error)
    })
  })

/** Without the octal escapes of getfattr, which stand for bytes. */
const plain = (text: string): string =>
  text.includes('\\')
    ? Buffer.from(
        text
          .replaceAll(/[^\0-\x7f]/g, (character) => Buffer.from(character, 'utf8').toString('latin1'))
          .replaceAll(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
        'latin1',
      ).toString('utf8')
    : text

/** Reads what `getfattr -d -e hex` prints: a line `# file: PATH`, one `NAME=0xHEX` an attribute, an empty line. */
export function parseAttributes(output: string): Map<string, Attributes> {
  const found = new Map<string, Attributes>()
  for (const block of output.split('\n\n')) {
    const [head, ...lines] = block.split('\n').filter((line) => line !== '')
    if (head === undefined || !head.startsWith('# file: ')) continue
    const acls: string[] = []
    const xattrs: string[] = []
    for (const line of lines) {
      const at = line.indexOf('=')
      const name = plain(at < 0 ? line : line.slice(0, at))
      const value = Buffer.from(at < 0 ? '' : line.slice(at + 1).replace(/^0x/, ''), 'hex')
      if (name === 'system.posix_acl_access') acls.push(aclText(value, ''))
      else if (name === 'system.posix_acl_default') acls.push(aclText(value, 'd:'))
      else xattrs.push(`${encodeURIComponent(name)}:${createHash('sha256').update(value).digest('hex').slice(0, 16)}`)
    }
    found.set(plain(head.slice('# file: '.length)), {
      ...(acls.length === 0 ? {} : { acl: acls.toSorted().join(';') }),
      ...(xattrs.length === 0 ? {} : { xattrs: xattrs.toSorted().join(';') }),
    })
  }
  return found
}

const TAGS: ReadonlyMap<number, string> = new Map([
  [0x01, 'u:'],
  [0x02, 'u:'],
  [0x04, 'g:'],
  [0x08, 'g:'],
  [0x10, 'm:'],
  [0x20, 'o:'],
])
const NAMED: ReadonlySet<number> = new Set([0x02, 0x08])

/** The kernel's form (linux/posix_acl_xattr.h: version 2, then tag, permissions and id of eight bytes each) as one word. */
export function aclText(value: Buffer, prefix: string): string {
  const entries: string[] = []
  for (let at = 4; at + 8 <= value.length; at += 8) {
    const tag = value.readUInt16LE(at)
    const bits = value.readUInt16LE(at + 2)
    const rights = [...'rwx'].map((right, i) => ((bits & (4 >> i)) === 0 ? '-' : right)).join('')
    entries.push(`${prefix}${TAGS.get(tag) ?? `${tag}:`}${NAMED.has(tag) ? value.readUInt32LE(at + 4) : ''}:${rights}`)
  }
  return entries.join(',')
}
