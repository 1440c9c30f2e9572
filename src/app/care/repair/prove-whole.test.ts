import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Ledger, openLedger } from '../../../prove/ledger.ts'
import { entriesFrom } from '../../../prove/testing/entries-data.ts'
import { temporaryFolder } from '../../../prove/testing/temporary-folder.ts'
import { brokenTiles } from '../../../prove/whole-tiles.ts'
import { proveWhole } from './prove-whole.ts'

const BUNDLE = 'tile/entries/000'
const HASHES = 'tile/0/000'

async function log(): Promise<{ readonly data: string; readonly ledger: Ledger }> {
  const data = temporaryFolder()
  const ledger = await openLedger({ data })
  await ledger.append(entriesFrom(1, 300))
  return { data, ledger }
}

it('finds nothing wrong with a log that is whole', async () => {
  const { data, ledger } = await log()
  expect(await proveWhole(data, ledger.key)).toMatchObject({ verdict: 'pass', says: { en: 'All 300 entries prove.' } })
  expect(await brokenTiles(join(data, 'ledger'), 300)).toEqual([])
})

it.each([
  ['an entry bundle that is gone', BUNDLE, true, (path: string) => rmSync(path)],
  ['a tile that is gone', HASHES, true, (path: string) => rmSync(path)],
  ['a tile that lost a byte', HASHES, true, (path: string) => truncateSync(path, 8191)],
  ['an empty bundle', BUNDLE, true, (path: string) => truncateSync(path, 0)],
  ['a bundle that lost a byte', BUNDLE, false, (path: string) => truncateSync(path, readFileSync(path).length - 1)],
  [
    'a flipped bit',
    BUNDLE,
    false,
    (path: string) => {
      const bytes = readFileSync(path)
      bytes[500]! ^= 1
      writeFileSync(path, bytes)
    },
  ],
])('names %s, long before the tip', async (_name, file, seenFromOutside, harm) => {
  const { data, ledger } = await log()
  harm(join(data, 'ledger', file))
  // The log opens all the same, and would go on.
  await openLedger({ data })
  const found = await proveWhole(data, ledger.key)
  expect(found.verdict).toBe('fail')
  expect(found.says.en).toContain(`ledger/${file}`)
  expect(found.says.ja).toContain(`ledger/${file}`)
  expect(await brokenTiles(join(data, 'ledger'), 300)).toEqual(seenFromOutside ? [file] : [])
})
