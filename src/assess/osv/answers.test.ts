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

/** The newest id of Go's that any answer names; a higher number was given later. */
const NEWEST_ANSWERED = 5856
const YOUNGER = `issued after GO-2026-${NEWEST_ANSWERED}, the newest that any answer names`

/**
 * Every id by which we answer otherwise, and why: the answers were recorded in 2026, some records at hand are older, some younger.
 * What is not named here fails the test, and so does a row that is no difference any more.
 */
const DIFFERENCES: readonly {
  readonly question: string
  readonly missed?: readonly string[]
  readonly added?: readonly string[]
  readonly why: string
}[] = [
  {
    question: '931a40a746f5678dcc4625b06a2eb25fa4f00b34',
    missed: ['PYSEC-2023-233'],
    why: 'the record says "until e884a095": which commits of exiv2 lie before it only the repository\'s history tells',
  },
  {
    question: 'PyPI django 2.2.24',
    missed: ['GHSA-8x94-hmjh-97hq'],
    why: 'the record at hand (2024-02-18) begins at 3.2, and so does PYSEC-2022-245 of the same CVE; the answer is of a later one',
  },
  {
    question: 'PyPI django 2.2.24',
    added: ['GHSA-xxj9-f6rv-m3x4'],
    why: 'the record at hand (2024-02-17) lists 2.2.24; PYSEC-2024-28 of the same CVE begins at 3.2, as the answer does',
  },
  {
    question: 'PyPI urllib3 1.24.3',
    added: ['PYSEC-2021-108'],
    why: 'the record at hand (2021-07-02) lists 1.24.3; the answer is of a later one',
  },
  {
    question: 'Maven dnsjava:dnsjava 3.4.0',
    added: ['GHSA-crjg-w57m-rqqf', 'GHSA-mmwx-rj87-vfgr'],
    why: 'the records at hand, of the day they were published (2024-07-22), list 3.4.0; the answer is of later ones',
  },
  ...['1.22.4', '1.24.4'].map((version) => ({
    question: `Go stdlib ${version}`,
    added: ['GO-2026-5972', 'GO-2026-6088', 'GO-2026-6089', 'GO-2026-6090', 'GO-2026-6091', 'GO-2026-6218'],
    why: YOUNGER,
  })),
  {
    question: 'Go stdlib 1.26.0',
    added: ['GO-2026-5942', 'GO-2026-5972', 'GO-2026-6088', 'GO-2026-6089', 'GO-2026-6090', 'GO-2026-6091', 'GO-2026-6218'],
    why: YOUNGER,
  },
  { question: 'Go toolchain 1.24.4', added: ['GO-2026-6179', 'GO-2026-6180'], why: YOUNGER },
  { question: 'Go golang.org/x/image 0.4.0', added: ['GO-2026-6222'], why: YOUNGER },
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
    for (const { question, missed: ours = [], added: theirs = [], why } of DIFFERENCES)
      console.log(`${question}: ${[...ours.map((id) => `-${id}`), ...theirs.map((id) => `+${id}`)].join(' ')}: ${why}`)
    const named = (side: 'missed' | 'added') =>
      DIFFERENCES.flatMap((row) => (row[side] ?? []).map((id) => `${row.question}: ${id}`)).sort()
    expect(missed.sort()).toEqual(named('missed'))
    expect(added.sort()).toEqual(named('added'))
    const numbers = (ids: Iterable<string>) => [...ids].flatMap((id) => /^GO-2026-(\d+)$/.exec(id)?.[1] ?? []).map(Number)
    expect(Math.max(...numbers(asked.flatMap(({ vulns }) => vulns)))).toBe(NEWEST_ANSWERED)
    const younger = DIFFERENCES.filter(({ why }) => why === YOUNGER).flatMap(({ added: ids = [] }) => ids)
    expect(younger).toHaveLength(22)
    for (const number of numbers(younger)) expect(number).toBeGreaterThan(NEWEST_ANSWERED)
  })
})
