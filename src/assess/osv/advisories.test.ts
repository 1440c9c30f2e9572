import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Advisories, indexAdvisories } from './advisories.ts'
import type { OsvRecord } from './record.ts'

const RUNS = 300
const NAMES = ['a', 'b', 'c']
const ECOSYSTEMS = ['npm', 'PyPI', 'Debian:12']
const COMMITS = ['c0ffee', 'deadbeef']

const affected = fc.record({
  package: fc.option(fc.record({ ecosystem: fc.constantFrom(...ECOSYSTEMS), name: fc.constantFrom(...NAMES) }), {
    nil: undefined,
  }),
  ranges: fc.array(
    fc.record({
      type: fc.constantFrom('GIT' as const, 'ECOSYSTEM' as const),
      events: fc.constantFrom(...COMMITS).map((introduced) => [{ introduced }]),
    }),
    { maxLength: 2 },
  ),
})
const record: fc.Arbitrary<OsvRecord> = fc.record({
  id: fc.constantFrom('A-1', 'A-2', 'A-3', 'ALBA-1', 'B-1'),
  modified: fc.constantFrom('', 'soon', '2026-01-01T00:00:00Z', '2026-02-02T00:00:00Z'),
  withdrawn: fc.option(fc.constant('2026-03-03T00:00:00Z'), { nil: undefined, freq: 4 }),
  affected: fc.array(affected, { maxLength: 4 }),
})

const told = (advisories: Advisories) => ({
  size: advisories.size,
  newest: advisories.newest,
  ecosystems: [...advisories.ecosystems].sort(),
  records: [...advisories.records()].map(({ id, modified }) => `${id} ${modified}`).sort(),
  of: ECOSYSTEMS.flatMap((ecosystem) => NAMES.map((name) => advisories.of({ ecosystem, name }))),
  commits: COMMITS.map((commit) => advisories.ofCommit(commit)),
})

it(`says after changes what an index made anew says (${RUNS} histories)`, () => {
  const states = fc.array(record, { minLength: 1, maxLength: 12 }).chain((all) =>
    fc.array(
      fc.subarray(all).chain((some) => fc.shuffledSubarray(some, { minLength: some.length })),
      { minLength: 2, maxLength: 6 },
    ),
  )
  fc.assert(
    fc.property(states, (history) => {
      let index: Advisories | undefined
      for (const records of history) {
        index = indexAdvisories(records, index)
        expect(told(index)).toEqual(told(indexAdvisories(records)))
      }
    }),
    { numRuns: RUNS },
  )
})

it('is the same index where nothing changed', () => {
  const records: OsvRecord[] = [{ id: 'A-1', modified: '', affected: [{ package: { ecosystem: 'npm', name: 'a' } }] }]
  const index = indexAdvisories(records)
  expect(indexAdvisories([...records], index)).toBe(index)
  expect(indexAdvisories([], index)).not.toBe(index)
})
