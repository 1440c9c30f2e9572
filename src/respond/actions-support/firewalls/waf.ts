import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileAtomically } from '../../../platform/atomic-file.ts'
import { readIfThere } from '../../../platform/read-if-there.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import type { Firewall } from './firewall.ts'

/** Changes of one list follow each other: each reads what the one before wrote. */
const turns = new Map<string, Promise<unknown>>()

/**
 * The list that `kanpeki waf --deny-list FILE` reads again whenever it changes: an address a line, and behind it the key of the
 * step that put it there.
 */
export function wafList(
  folder: string,
  scope: string,
  { name, settings }: Pick<ConnectionOf<'waf'>, 'name' | 'settings'>,
): Firewall {
  const file = wafListFile(folder, scope, settings.list)
  const lines = async (): Promise<string[]> => ((await readIfThere(file)) ?? '').split('\n').filter((line) => line !== '')
  const change = async (work: (before: readonly string[]) => readonly string[]): Promise<void> => {
    const earlier = turns.get(file) ?? Promise.resolve()
    const own = earlier.then(async () => {
      const before = await lines()
      const after = work(before)
      if (after.length === before.length && after.every((line, at) => line === before[at])) return
      await mkdir(dirname(file), { recursive: true })
      await writeFileAtomically(file, after.map((line) => `${line}\n`).join(''), 0o644)
    })
    turns.set(
      file,
      own.catch(() => undefined),
    )
    await own
  }
  const addressOf = (line: string): string => line.split(' ', 1)[0]!
  return {
    name,
    async holder(address) {
      const line = (await lines()).find((one) => addressOf(one) === address)
      return line === undefined ? undefined : line.slice(address.length + 1)
    },
    block: (address, key) =>
      change((before) =>
        before.some((line) => addressOf(line) === address) ? before : [...before, `${address} ${oneWord(key)}`],
      ),
    unblock: (address) => change((before) => before.filter((line) => addressOf(line) !== address)),
  }
}

/** @param scope any text; it becomes a folder's name that means no other place. */
export function wafListFile(folder: string, scope: string, list: string): string {
  return join(folder, encodeURIComponent(scope).replaceAll('.', '%2E'), `${list}.txt`)
}

function oneWord(key: string): string {
  return key.replaceAll(/\s+/g, '_')
}
