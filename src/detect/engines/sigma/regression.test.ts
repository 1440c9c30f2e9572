import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../kernel/json.ts'
import { sharedData } from '../../../kernel/testing/shared-data.ts'
import { loadRuleFiles } from './load/read-files.ts'
import { evaluate } from './match/evaluate.ts'
import { compileSigma, type SigmaMatch, type SigmaProgram } from './match/program.ts'
import type { LoadedRules } from './rule.ts'
import { classifier } from './shapes/registry.ts'
import { withOtherValues } from './testing/mutate.ts'
import { readSamples, type Sample } from './testing/samples.ts'

const rulesFolder = sharedData('sigma/rules')
const samplesFolder = sharedData('sigma/regression')
const absent = rulesFolder === undefined || samplesFolder === undefined
const golden = (name: string) => fileURLToPath(new URL(`./golden/${name}`, import.meta.url))

/**
 * All of SigmaHQ's rules over all of its recorded positives. After a change that is meant, `vitest run -u` writes golden/matrix.json and
 * golden/refusals.json anew; golden/extra-hits.tsv is written by hand, because somebody has to have looked.
 */
describe.skipIf(absent)(`SigmaHQ’s rules and recorded positives${absent ? ' (skipped: ../shared/data is absent)' : ''}`, () => {
  let loaded: LoadedRules
  let program: SigmaProgram
  let samples: readonly Sample[]

  beforeAll(async () => {
    loaded = loadRuleFiles([rulesFolder!])
    program = compileSigma(loaded.rules)
    samples = await readSamples(samplesFolder!)
  })

  const match = (doc: JsonObject, rule: string): SigmaMatch | undefined => program.match(doc).find(({ info }) => info.id === rule)

  it('loads every rule that means something by itself, and refuses the others for a fault of their own', async () => {
    const refusals: Record<string, Record<string, number>> = {}
    for (const { file, line, code, reason } of loaded.refused) {
      expect(line, file).toBeGreaterThan(0)
      const about = reason.match(/%.+%/)?.[0] ?? reason
      // The fault is in the rule's own text, on the line that is named.
      expect(readFileSync(file, 'utf8').split('\n')[line - 1], `${file}:${line}`).toContain(about)
      const group = refusals[code] ?? {}
      refusals[code] = { ...group, [about]: (group[about] ?? 0) + 1 }
    }
    console.log(`${loaded.rules.length} rules loaded, ${loaded.refused.length} refused`)
    expect(loaded.rules).toHaveLength(3755)
    expect(loaded.refused).toHaveLength(25)
    await expect(json(refusals)).toMatchFileSnapshot(golden('refusals.json'))
  })

  it('finds each sample by the rule that it was recorded for', () => {
    const missed = samples.filter(
      ({ rule, records, atLeast }) => records.filter((doc) => match(doc, rule) !== undefined).length < atLeast,
    )
    console.log(`${samples.length - missed.length} of ${samples.length} samples found`)
    expect(missed.map(({ rule }) => rule)).toEqual([])
    expect(samples).toHaveLength(106)
  })

  it('finds nothing on them that it did not find before', async () => {
    await expect(json(Object.fromEntries(matrix()))).toMatchFileSnapshot(golden('matrix.json'))
  })

  it('finds nothing on them besides that nobody has looked at', () => {
    const rows = readFileSync(golden('extra-hits.tsv'), 'utf8').trimEnd().split('\n').slice(1)
    const explained = rows.flatMap((row) => {
      const [rule, on, explanation] = row.split('\t')
      expect(explanation?.split(' ').length, `the explanation of ${rule}`).toBeGreaterThan(5)
      return on!.split(' ').map((sample) => `${rule} on ${sample}`)
    })
    const extra = matrix().flatMap(([sample, hits]) =>
      hits.filter((rule) => rule !== sample).map((rule) => `${rule} on ${sample}`),
    )
    console.log(`${extra.length} hits of other rules, ${rows.length} explanations`)
    expect(explained.sort()).toEqual(extra.sort())
    expect(extra.length).toBeGreaterThan(0)
  })

  it('finds a sample no more when what matched is changed', () => {
    let mutations = 0
    for (const { rule, records } of samples) {
      for (const doc of records) {
        const found = match(doc, rule)
        if (found === undefined) continue
        const places = placesOf(found)
        expect(places, rule).not.toEqual([])
        const changed = withOtherValues(doc, places)
        expect(match(changed, rule)?.conditions, `${rule} with other values at ${places.join(', ')}`).toBeUndefined()
        mutations += 1
      }
    }
    console.log(`${mutations} records changed in all fields that matched: no hit is left`)
    expect(mutations).toBeGreaterThanOrEqual(samples.length)
  })

  it('judges each change of a single field as the plain evaluation does', () => {
    const classify = classifier()
    const rules = new Map(loaded.rules.map((rule) => [rule.info.id, rule]))
    let lost = 0
    let kept = 0
    for (const { rule: id, records } of samples) {
      const rule = rules.get(id)!
      for (const doc of records) {
        const found = match(doc, id)
        if (found === undefined) continue
        for (const place of placesOf(found)) {
          const changed = withOtherValues(doc, [place])
          const eventClass = classify(changed)
          const isFound = match(changed, id) !== undefined
          // Another EventID makes another event, which the rule may not concern at all.
          const holds = evaluate(rule.expression, { doc: changed, eventClass, category: rule.logsource.category })
          if (eventClass === classify(doc)) expect(isFound, `${id} with another value at ${place}`).toBe(holds)
          if (isFound) kept += 1
          else lost += 1
        }
      }
    }
    console.log(`${lost + kept} changes of one field: ${lost} hits lost, ${kept} kept by an alternative`)
    expect(lost).toBeGreaterThan(samples.length)
  })

  /** Sample (by its rule's id) → sorted ids of the rules that match any of its records. */
  function matrix(): [string, string[]][] {
    return samples.map(({ rule, records }) => [
      rule,
      [...new Set(records.flatMap((doc) => program.match(doc).map(({ info }) => info.id)))].sort(),
    ])
  }
})

function placesOf(match: SigmaMatch): string[] {
  return [...new Set(match.conditions.filter(({ value }) => value !== null).map(({ place }) => place))]
}

/** One line a member, for readable differences. */
function json(value: Readonly<Record<string, unknown>>): string {
  return `{\n${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${JSON.stringify(member)}`)
    .join(',\n')}\n}\n`
}
