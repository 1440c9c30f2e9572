import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apkPackages } from '../../assess/host/apk.ts'
import { dpkgPackages } from '../../assess/host/dpkg.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector } from '../collector.ts'
import { type Difference, difference, readKept, writeKept } from '../kept.ts'

export interface Inventory {
  readonly id: string
  /** Everything of its kind now, as name → mark; undefined where the host has no such thing. */
  readonly read: () => Promise<Map<string, string> | undefined>
  readonly event: (difference: Difference) => JsonObject
}

/** Compares a list of the host with what it was at the last look, also over restarts; the first list is no change. */
export function inventoryCollector({ id, read, event }: Inventory, everyMs: number): Collector {
  return {
    id,
    async run({ emit, count, signal, folder }) {
      const file = join(folder, `${id}.json`)
      let before = await readKept(file)
      while (!signal.aborted) {
        const now = await read()
        if (now === undefined) count(`${id}.absent`)
        else {
          const changes = before === undefined ? [] : difference(before, now)
          for (const change of changes) emit(event(change))
          if (before === undefined || changes.length > 0) await writeKept(file, now)
          before = now
        }
        await realWait(everyMs, signal)
      }
    },
  }
}

export const typeOf = ({ before, after }: Difference, words: readonly [string, string, string]): string =>
  before === undefined ? words[0] : after === undefined ? words[1] : words[2]

interface Named {
  readonly name: string
  readonly version: string
  readonly arch: string | undefined
}

/** Several versions of one name (kernels, on hosts with rpm) stand beside each other. */
function byName(packages: readonly Named[], noArch: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const { name, version, arch = noArch } of packages) {
    const key = `${name}:${arch}`
    const known = found.get(key)
    found.set(key, known === undefined ? version : `${known}, ${version}`)
  }
  return found
}

/** What dpkg's `status` says is installed, as `name:architecture` → version. */
export const parseDpkg = (text: string): Map<string, string> => byName(dpkgPackages(text), 'all')

const parseText =
  (parse: (text: string) => Map<string, string>) =>
  async (file: string): Promise<Map<string, string>> =>
    parse(await readFile(file, 'utf8'))

/** Loaded where there is such a database only: it brings SQLite along. */
async function readRpm(file: string): Promise<Map<string, string>> {
  const { readRpmDatabase } = await import('../../platform/rpm/database.ts')
  const { rpmVersion } = await import('../../platform/rpm/header.ts')
  const { packages } = readRpmDatabase(file)
  return byName(
    packages.map((one) => ({ name: one.name, version: rpmVersion(one), arch: one.arch })),
    'noarch',
  )
}

const apk = parseText((text) => byName(apkPackages(text), 'noarch'))
const MANAGERS: readonly (readonly [string, (file: string) => Promise<Map<string, string>>])[] = [
  ['var/lib/dpkg/status', parseText(parseDpkg)],
  ['lib/apk/db/installed', apk],
  ['usr/lib/apk/db/installed', apk],
  ...['usr/lib/sysimage/rpm', 'var/lib/rpm'].flatMap((folder) =>
    ['rpmdb.sqlite', 'Packages', 'Packages.db'].map((name) => [`${folder}/${name}`, readRpm] as const),
  ),
]

/** `name:architecture` → version, of the first manager that knows any; undefined where the host has none that is known. */
export async function readPackages(root: string): Promise<Map<string, string> | undefined> {
  let empty: Map<string, string> | undefined
  for (const [place, parse] of MANAGERS) {
    const file = join(root, place)
    if (!existsSync(file)) continue
    const found = await parse(file)
    if (found.size > 0) return found
    // A tool of another distribution leaves a database without packages.
    empty ??= found
  }
  return empty
}

/** Packages that the distribution's manager installs, removes and changes. */
export const packageCollector = (root: string, everyMs: number): Collector =>
  inventoryCollector(
    {
      id: 'packages',
      read: () => readPackages(root),
      event: (change) => {
        const at = change.name.lastIndexOf(':')
        const version = change.after ?? change.before ?? ''
        return {
          event: {
            kind: 'event',
            category: ['package'],
            type: [typeOf(change, ['installation', 'deletion', 'change'])],
            action: typeOf(change, ['package-installed', 'package-removed', 'package-changed']),
          },
          package: { name: change.name.slice(0, at), architecture: change.name.slice(at + 1), version },
          ...(change.before === undefined || change.after === undefined
            ? {}
            : { kanpeki_agent: { package: { previous: change.before } } }),
        }
      },
    },
    everyMs,
  )

async function readModules(root: string): Promise<Map<string, string> | undefined> {
  try {
    const lines = (await readFile(`${root}/modules`, 'utf8')).split('\n').filter((line) => line !== '')
    return new Map(lines.map((line) => [line.split(' ')[0]!, line.split(' ')[1]!] as const))
  } catch {
    return undefined
  }
}

/** Kernel modules loaded and unloaded. */
export const moduleCollector = (root: string, everyMs: number): Collector =>
  inventoryCollector(
    {
      id: 'modules',
      read: () => readModules(root),
      event: (change) => ({
        event: {
          kind: 'event',
          category: ['driver'],
          type: [change.after === undefined ? 'end' : 'start'],
          action: change.after === undefined ? 'module-unloaded' : 'module-loaded',
        },
        file: { name: change.name },
      }),
    },
    everyMs,
  )
