import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type RpmPackage, readRpmHeader } from './header.ts'

/** Where rpm keeps its database under a root since 4.16 (Red Hat 9, Fedora 33, Amazon Linux 2023; Fedora 36 moved it below /usr). */
export const RPM_SQLITE: readonly string[] = ['usr/lib/sysimage/rpm/rpmdb.sqlite', 'var/lib/rpm/rpmdb.sqlite']

export interface RpmReading {
  readonly packages: readonly RpmPackage[]
  /** Why a row was passed over. */
  readonly problems: readonly string[]
}

/**
 * All packages in a database of rpm of the kind `sqlite`, by name. Keys that rpm keeps as packages (`gpg-pubkey`) are none.
 * The file is only read, and nothing is written beside it unless rpm itself left a log there.
 * @throws KanpekiError `rpm_database` where the file is no such database.
 */
export function readRpmDatabase(file: string): RpmReading {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(placeOf(file), { readOnly: true })
    const packages: RpmPackage[] = []
    const problems: string[] = []
    for (const { hnum, blob } of database.prepare('SELECT hnum, blob FROM Packages ORDER BY hnum').iterate()) {
      try {
        if (!(blob instanceof Uint8Array)) throw new KanpekiError('rpm_header', 'It is no header.')
        const found = readRpmHeader(blob)
        if (found.name !== 'gpg-pubkey') packages.push(found)
      } catch (error) {
        if (!(error instanceof KanpekiError)) throw error
        problems.push(`header ${String(hnum)}: ${error.message}`)
      }
    }
    packages.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    return { packages, problems }
  } catch (error) {
    throw new KanpekiError('rpm_database', `The database of rpm cannot be read: ${messageOf(error)}.`, { place: { file } })
  } finally {
    database?.close()
  }
}

/** rpm writes ahead into a log; without one, SQLite is told that nobody changes the file, so that it makes none. */
function placeOf(file: string): URL {
  const url = pathToFileURL(file)
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false })
  url.search = log === undefined || log.size === 0 ? 'immutable=1&mode=ro' : 'mode=ro'
  return url
}
