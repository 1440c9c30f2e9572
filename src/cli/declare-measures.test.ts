import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MEASURE_CATALOGUE } from '../declare/catalogue/measures.ts'
import { TEMPLATES } from '../declare/catalogue/templates.ts'
import { readCard } from '../declare/load.ts'
import { knownMeasures } from './declare.ts'

const known = knownMeasures()

/** A card with one objective: what the catalogue offers must be good as it stands. */
function cardWith(measure: string, usual: object): string {
  const objective = { id: 'one', title: { en: 'One', ja: '一つ' }, measure, ...usual }
  const card = {
    ...{ id: 'any', version: '2026.11.22', name: { en: 'Any', ja: '何か' }, owner: 'sato', approvers: ['@admin'] },
    ...{ scope: { description: { en: 'All', ja: '全体' } }, threats: { in: [{ en: 'Outsiders', ja: '外部' }] } },
    ...{ objectives: [objective], period: 'P7D', validity: { from: '2026-11-01', until: '2027-01-01' } },
    ...{ nextReview: '2026-12-01', withdrawal: [{ on: 'expiry' }] },
  }
  return JSON.stringify(card)
}

describe('the catalogue of measures', () => {
  it('describes every measure there is, and no other', () => {
    expect(Object.keys(MEASURE_CATALOGUE).toSorted()).toEqual([...known.keys()].toSorted())
    expect(known.size).toBeGreaterThanOrEqual(17)
  })

  it.each(Object.entries(MEASURE_CATALOGUE))('%s: can be promised as usual, and is said in two languages', (id, entry) => {
    expect(readCard(cardWith(id, entry.usual), 'any.yml', known)).not.toHaveProperty('problems')
    for (const { en, ja } of [
      entry.definition,
      entry.source,
      entry.freshness,
      entry.proof,
      ...entry.params.map((one) => one.meaning),
    ])
      expect(ja).not.toBe(en)
  })

  it.each(TEMPLATES)(
    '$series: its promise is good as it stands',
    ({ series, unit, measure, usual, title, definition, source }) => {
      expect(readCard(cardWith(measure, usual), 'any.yml', known)).not.toHaveProperty('problems')
      expect(usual.params['series']).toBe(series)
      if (usual.params['statistic'] !== 'age') expect(measure).toBe(`external.${unit}`)
      for (const { en, ja } of [title, definition, source]) expect(ja).not.toBe(en)
    },
  )

  it('has a name for every figure that a framework looks for', () => {
    const grounds = new URL('../../content/frameworks/', import.meta.url)
    expect(readdirSync(grounds)).toContain('grounds.yml')
    const wanted = [...readFileSync(new URL('grounds.yml', grounds), 'utf8').matchAll(/series: \[([^\]]*)\]/g)].flatMap(
      ([, names]) => names!.split(/,\s*/),
    )
    expect(wanted.length).toBeGreaterThan(5)
    const names = TEMPLATES.map(({ series }) => series)
    expect(wanted.filter((name) => !names.includes(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })
})
