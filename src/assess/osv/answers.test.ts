import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { loadFeeds } from '../feeds/load.ts'
import { type Advisories, matchPackage } from './advisories.ts'

interface Answer {
  readonly package?: { readonly ecosystem: string; readonly name: string }
  readonly version?: string
  readonly commit?: string
  readonly vulns: readonly string[]
}

/** Where we answer otherwise, and why. */
const MISSED: readonly string[] = [
  // Only the repository's history says which commits lie between those that the record names.
  '931a40a746f5678dcc4625b06a2eb25fa4f00b34: PYSEC-2023-233',
  // The record at hand begins at 3.2.
  'PyPI django 2.2.24: GHSA-8x94-hmjh-97hq',
]
const ADDED: readonly string[] = [
  // The records at hand hold these versions (before 3.6.0, before 3.2.24, before 1.26.5); the answers' records did not.
  'Maven dnsjava:dnsjava 3.4.0: GHSA-crjg-w57m-rqqf',
  'Maven dnsjava:dnsjava 3.4.0: GHSA-mmwx-rj87-vfgr',
  'PyPI django 2.2.24: GHSA-xxj9-f6rv-m3x4',
  'PyPI urllib3 1.24.3: PYSEC-2021-108',
]

const feeds = sharedData('vuln/osv')
const answers = sharedData('vuln/osv-queries/answers.json')

describe.skipIf(feeds === undefined || answers === undefined)('OSV answers (needs ../shared/data)', () => {
  let advisories: Advisories
  let asked: readonly Answer[]

  beforeAll(async () => {
    const read = await loadFeeds([feeds!])
    // The mixed file also holds records that are no OSV records: each is named, none of the feeds' own.
    expect(read.problems.filter(({ file }) => !file.includes('misc-records.json'))).toEqual([])
    console.log(
      `${read.files.reduce((sum, { items }) => sum + items, 0)} records, ${read.problems.length} refused: ${read.problems[0]?.reason}`,
    )
    advisories = read.advisories
    asked = JSON.parse(readFileSync(answers!, 'utf8')) as Answer[]
  }, 60_000)

  it('finds every id that the feeds hold, and nothing else in the ecosystems that they hold', () => {
    const missed: string[] = []
    const added: string[] = []
    let wanted = 0
    for (const { package: name, version, commit, vulns } of asked) {
      const found = new Set(
        commit === undefined
          ? matchPackage(advisories, name!, version!).hits.map(({ record }) => record.id)
          : advisories.ofCommit(commit).map(({ id }) => id),
      )
      const question = commit ?? `${name!.ecosystem} ${name!.name} ${version}`
      for (const id of vulns) {
        if (advisories.record(id) === undefined) continue
        wanted += 1
        if (!found.has(id)) missed.push(`${question}: ${id}`)
      }
      for (const id of found) if (!vulns.includes(id)) added.push(`${question}: ${id}`)
    }
    console.log(
      `${asked.length} questions, ${wanted} ids wanted, ${missed.length} missed, ${added.length} besides; ${advisories.size} advisories`,
    )
    expect(wanted).toBe(205)
    expect(missed.sort()).toEqual(MISSED)
    // The feeds are younger than the answers: what no answer names for any version was not known then.
    const answered = new Set(asked.flatMap(({ vulns }) => vulns))
    const younger = added.filter((one) => one.startsWith('Go ') && !answered.has(one.split(': ')[1]!))
    expect(younger).toHaveLength(22)
    expect(added.filter((one) => !younger.includes(one)).sort()).toEqual(ADDED)
  })
})
