import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { berkeleyEntries, isBerkeley } from './berkeley.ts'
import { type RpmPackage, readRpmHeader } from './header.ts'
import { isNdb, ndbEntries } from './ndb.ts'
import type { RpmEntry } from './pages.ts'

/** Where rpm keeps its database under a root: below /usr where the system is in an image (Fedora 36, SUSE), else below /var. */
const FOLDERS = ['usr/lib/sysimage/rpm', 'var/lib/rpm'] as const
/**
 * SQLite since 4.16 (Red Hat 9, Fedora 33, Amazon Linux 2023), a hash of Berkeley DB before (Red Hat 8, CentOS 7, Amazon
 * Linux 2), rpm's own ndb on SUSE.
 */
const NAMES = ['rpmdb.sqlite', 'Packages', 'Packages.db'] as const
export const RPM_DATABASES: readonly string[] = FOLDERS.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`))

export interface RpmReading {
  readonly packages: readonly RpmPackage[]
  /** Why a row was passed over. */
  readonly problems: readonly string[]
}

/**
 * All packages in a database of rpm, by name; its kind is told by looking. Keys that rpm keeps as packages (`gpg-pubkey`) are none.
 * The file is only read, and nothing is written beside it unless rpm itself left a log there.
 * @throws KanpekiError `rpm_database` where the file is no such database.
 */
export function readRpmDatabase(file: string, digests = false): RpmReading {
  try {
    const packages: { readonly number: number; readonly found: RpmPackage }[] = []
    const problems: string[] = []
    for (const { number, header } of entriesOf(file)) {
      try {
        if (typeof header === 'string') throw new KanpekiError('rpm_header', header)
        const found = readRpmHeader(header, digests)
        if (found.name !== 'gpg-pubkey') packages.push({ number, found })
      } catch (error) {
        if (!(error instanceof KanpekiError)) throw error
        problems.push(`header ${number}: ${error.message}`)
      }
    }
    packages.sort((a, b) => (a.found.name < b.found.name ? -1 : a.found.name > b.found.name ? 1 : a.number - b.number))
    return { packages: packages.map(({ found }) => found), problems }
  } catch (error) {
    throw new KanpekiError('rpm_database', `The database of rpm cannot be read: ${messageOf(error)}`, { place: { file } })
  }
}

function* entriesOf(path: string): Generator<RpmEntry> {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(16)
    readSync(file, head, 0, head.length, 0)
    if (isBerkeley(head)) return yield* berkeleyEntries(file)
    if (isNdb(head)) return yield* ndbEntries(file)
  } finally {
    closeSync(file)
  }
  yield* sqliteEntries(path)
}

function* sqliteEntries(path: string): Generator<RpmEntry> {
  const database = new DatabaseSync(placeOf(path), { readOnly: true })
  try {
    for (const { hnum, blob } of database.prepare('SELECT hnum, blob FROM Packages ORDER BY hnum').iterate())
      yield { number: Number(hnum), header: blob instanceof Uint8Array ? blob : 'It is no header.' }
  } finally {
    database.close()
  }
}

/** rpm writes ahead into a log; without one, SQLite is told that nobody changes the file, so that it makes none. */
function placeOf(file: string): URL {
  const url = pathToFileURL(file)
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false })
  url.search = log === undefined || log.size === 0 ? 'immutable=1&mode=ro' : 'mode=ro'
  return url
}
