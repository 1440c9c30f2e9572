import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, type PackageChanges, spellingsOf } from './package-change.ts'

interface Acted {
  from: number
  to: number
  version: string
}
interface Owned {
  readonly name: string
  readonly md5: string | undefined
}
/** What the log said when it was read last, and of which packages the lists were read since. */
interface Kept {
  readonly at: number
  readonly mark: string
  readonly acted: ReadonlyMap<string, Acted>
  readonly read: Set<string>
  readonly owned: Map<string, Owned>
  readonly status: string
}

const LOG_TAIL = 512_000
/** Files are written before the line that says so, and after. */
const SLACK_MS = 30_000
const BUSY_MS = 5_000
const FRESH_MS = 1_000
const LINE =
  /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) (?:status \S+|install|upgrade|remove|purge|configure|trigproc) (\S+) (.*)$/

/**
 * By dpkg's own records: its log says what it did when (in the host's local time), its lists what belongs to a package, and
 * its sums what the package brought. A changed file whose content is not what a package brought is nobody's, whenever it
 * changed. Whoever is root can write these records, too: this is a remark for people, and on a frozen host it excuses nothing.
 */
export function dpkgChanges(root: string, now: () => number = Date.now): PackageChanges {
  const info = join(root, 'var/lib/dpkg/info')
  const log = join(root, 'var/log/dpkg.log')
  const before = new Map<string, string>()
  let kept: Kept | undefined

  const markOf = async (): Promise<{ mark: string; mtime: number } | undefined> => {
    try {
      const { size, mtimeMs } = await stat(log)
      return { mark: `${size} ${mtimeMs}`, mtime: mtimeMs }
    } catch {
      return undefined
    }
  }
  const current = async (): Promise<Kept | undefined> => {
    const found = await markOf()
    if (found === undefined) return undefined
    if (kept !== undefined && kept.mark === found.mark && Math.abs(now() - kept.at) < FRESH_MS) return kept
    const status = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8').catch(() => '')
    kept = { at: now(), mark: found.mark, acted: await readLog(log), read: new Set(), owned: new Map(), status }
    return kept
  }

  return {
    async learn(watched) {
      const names = await readdir(info).catch(() => [])
      for (const name of names) {
        if (!name.endsWith('.list')) continue
        const text = await readFile(join(info, name), 'utf8').catch(() => '')
        for (const path of text.split('\n')) if (path !== '' && watched(path)) before.set(path, name.slice(0, -'.list'.length))
      }
    },
    async busy() {
      const found = await markOf()
      return found !== undefined && Math.abs(now() - found.mtime) < BUSY_MS
    },
    async find({ path, type, gone, from, to }) {
      const found = await current()
      if (found === undefined) return undefined
      const written = spellingsOf(path)
      for (const [key, act] of found.acted) {
        if (act.from - SLACK_MS > to || act.to + SLACK_MS < from) continue
        if (!found.read.has(key)) await readOwned(info, key, found)
        found.read.add(key)
        for (const one of written) {
          const owner = found.owned.get(one)
          const name = owner?.name ?? (gone ? before.get(one) : undefined)
          if (name === undefined || bare(name) !== bare(key)) continue
          const told = { type: 'dpkg', name: bare(name), version: act.version } as const
          if (gone || type !== 'file') return { ...told, by: 'listed' }
          if (owner?.md5 !== undefined && owner.md5 === (await digestOf('md5', path))) return { ...told, by: 'md5' }
        }
      }
      return undefined
    },
  }
}

/** Lists of packages that only one architecture has are named without it; the log always names it. */
const bare = (name: string): string => name.split(':')[0]!

async function readLog(file: string): Promise<Map<string, Acted>> {
  const acted = new Map<string, Acted>()
  const handle = await open(file)
  let text: string
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, LOG_TAIL)
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    text = buffer.toString('utf8')
  } finally {
    await handle.close()
  }
  for (const line of text.split('\n')) {
    const match = LINE.exec(line)
    if (match === null) continue
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const at = new Date(year, month - 1, day, hour, minute, second).getTime()
    const name = match[7]!
    const version = match[8]!.split(' ').findLast((word) => word !== '<none>') ?? ''
    const known = acted.get(name)
    // What it did an hour ago is another deed.
    if (known === undefined || at - known.to > 10 * SLACK_MS) acted.set(name, { from: at, to: at, version })
    else Object.assign(known, { to: at, version })
  }
  return acted
}

/** What belongs to a package, with the sums of what it brought; of files that an administrator may edit, too. */
async function readOwned(info: string, key: string, { owned, status }: Kept): Promise<void> {
  for (const name of [key, bare(key)]) {
    const list = await readFile(join(info, `${name}.list`), 'utf8').catch(() => undefined)
    if (list === undefined) continue
    const sums = new Map<string, string>()
    const text = await readFile(join(info, `${name}.md5sums`), 'utf8').catch(() => '')
    for (const line of text.split('\n')) if (line[32] === ' ') sums.set(`/${line.slice(34)}`, line.slice(0, 32))
    const at = `\n${status}`.indexOf(`\nPackage: ${bare(key)}\n`)
    const stanza = at < 0 ? '' : status.slice(at, status.indexOf('\n\n', at))
    for (const [, path, md5] of stanza.matchAll(/^ (\/\S.*) ([0-9a-f]{32})(?: obsolete)?$/gm)) sums.set(path!, md5!)
    for (const path of list.split('\n')) if (path !== '') owned.set(path, { name, md5: sums.get(path) })
    return
  }
}
