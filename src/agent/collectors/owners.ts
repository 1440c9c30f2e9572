import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { apkPackages } from '../../assess/host/apk.ts'
import { dpkgPackages } from '../../assess/host/dpkg.ts'
import { RPM_DATABASES, readRpmDatabase } from '../../platform/rpm/database.ts'
import { rpmVersion } from '../../platform/rpm/header.ts'

/** The distribution's package that a file belongs to. */
export interface Owner {
  readonly type: 'deb' | 'rpm' | 'apk'
  readonly name: string
  readonly version: string
}

/** Answers for the paths of one root; only what has an owner is in the answer. */
export type Owners = (paths: ReadonlySet<string>) => ReadonlyMap<string, Owner>

interface Search {
  readonly root: string
  readonly database: string
  /** Each spelling of a path that was asked → the path. */
  readonly asked: ReadonlyMap<string, string>
  readonly give: (path: string, owner: Owner) => void
}

interface Manager {
  /** Where its database may be; where that changes, all is read again. */
  readonly places: readonly string[]
  readonly find: (search: Search) => void
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const dpkg: Manager = {
  places: ['var/lib/dpkg/status'],
  find({ root, database, asked, give }) {
    const versions = new Map(
      dpkgPackages(read(database)).flatMap(({ name, version, arch }) => [
        [name, version] as const,
        [`${name}:${arch}`, version] as const,
      ]),
    )
    const info = join(root, 'var/lib/dpkg/info')
    for (const list of readdirSync(info)) {
      if (!list.endsWith('.list')) continue
      const id = list.slice(0, -5)
      const version = versions.get(id)
      if (version === undefined) continue
      const [name = id] = id.split(':')
      for (const line of read(join(info, list)).split('\n')) {
        const path = asked.get(line)
        if (path !== undefined) give(path, { type: 'deb', name, version })
      }
    }
  },
}

const apk: Manager = {
  places: ['lib/apk/db/installed', 'usr/lib/apk/db/installed'],
  find({ database, asked, give }) {
    // Below each package its folders (F:), below each of those its files (R:).
    for (const stanza of read(database).split(/\n\n+/)) {
      const [one] = apkPackages(stanza)
      if (one === undefined) continue
      let folder = ''
      for (const line of stanza.split('\n')) {
        if (line.startsWith('F:')) folder = line.slice(2)
        else if (line.startsWith('R:')) {
          const path = asked.get(`/${folder === '' ? '' : `${folder}/`}${line.slice(2)}`)
          if (path !== undefined) give(path, { type: 'apk', name: one.name, version: one.version })
        }
      }
    }
  },
}

const rpm: Manager = {
  places: RPM_DATABASES,
  find({ database, asked, give }) {
    for (const one of readRpmDatabase(database).packages)
      for (const file of one.files) {
        const path = asked.get(file)
        if (path !== undefined) give(path, { type: 'rpm', name: one.name, version: rpmVersion(one) })
      }
  },
}

const MANAGERS = [dpkg, apk, rpm] as const
/** Folders that are links into /usr today, while packages may list the old name, or the new one. */
const MERGED = /^\/(?:bin|sbin|lib|lib32|lib64|libx32)\//

/**
 * Which package each file belongs to, by what the package managers of a root say. What was asked is remembered until a
 * database changes, so that their lists, which are long, are read for new paths only.
 * @param root `/`, or the root of a container as `/proc/PID/root`.
 */
export function packageOwners(root: string): Owners {
  const known = new Map<string, Owner | undefined>()
  let stamp = ''
  return (paths) => {
    const present = MANAGERS.flatMap((manager) =>
      manager.places.flatMap((place) => {
        const database = join(root, place)
        const found = statSync(database, { throwIfNoEntry: false })
        return found === undefined ? [] : [{ manager, database, mark: `${database} ${found.mtimeMs} ${found.size}` }]
      }),
    )
    const now = present.map(({ mark }) => mark).join('\n')
    if (now !== stamp) known.clear()
    stamp = now
    const asked = new Map<string, string>()
    for (const path of paths) {
      if (known.has(path)) continue
      known.set(path, undefined)
      asked.set(path, path)
      if (MERGED.test(path)) asked.set(`/usr${path}`, path)
      else if (path.startsWith('/usr/') && MERGED.test(path.slice(4))) asked.set(path.slice(4), path)
    }
    if (asked.size > 0)
      for (const { manager, database } of present)
        manager.find({ root, database, asked, give: (path, owner) => known.set(path, owner) })
    return new Map(
      [...paths].flatMap((path) => {
        const owner = known.get(path)
        return owner === undefined ? [] : [[path, owner] as const]
      }),
    )
  }
}
