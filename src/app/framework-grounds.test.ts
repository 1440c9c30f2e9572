import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { accessMeasureInfos } from '../access/reviews/measures.ts'
import { assessMeasureInfos } from '../assess/inventory/measures.ts'
import { collectMeasureInfos } from '../collect/completeness/measures.ts'
import { loadFrameworks } from '../declare/frameworks/load.ts'
import { declareMeasureInfos } from '../declare/measures.ts'
import { loadAttack } from '../detect/coverage-attack.ts'
import { detectMeasureInfos } from '../detect/measures.ts'
import { hostMeasureInfos } from '../hosts/measures.ts'
import { incidentMeasureInfos } from '../respond/incidents/measures.ts'
import { frameworkChecks } from './framework-checks.ts'
import { CONTENT } from './places.ts'

it('lets controls rest on measures, checks and attacks that there are', async () => {
  const attack = loadAttack()
  const { grounds } = await loadFrameworks(join(CONTENT, 'frameworks'))
  const infos = [
    ...detectMeasureInfos(attack),
    ...declareMeasureInfos(),
    ...accessMeasureInfos(),
    ...collectMeasureInfos(),
    ...assessMeasureInfos(),
    ...incidentMeasureInfos(),
    ...hostMeasureInfos(),
  ]
  const measures = new Set(infos.map(({ id }) => id))
  // The checks that declare answers by itself, and those of other rooms.
  const checks = new Set(['declarations', 'residual-risks', 'reviews-kept', ...Object.keys(frameworkChecks({} as never))])
  const folder = join(CONTENT, 'scenarios')
  const scenarios = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  let asked = 0
  for (const { id, measures: named = [], techniques = [], check } of grounds.values()) {
    for (const one of named) expect(measures, id).toContain(one)
    if (check !== undefined) expect(checks).toContain(check)
    for (const technique of techniques) {
      expect(attack.techniques.has(technique), technique).toBe(true)
      // A technique that nothing executes would leave its controls unproven for good.
      expect(
        scenarios.some((text) => new RegExp(`\\b${technique}\\b`).test(text)),
        `a scenario of ${technique}`,
      ).toBe(true)
    }
    asked += named.length + techniques.length + (check === undefined ? 0 : 1)
  }
  expect(asked).toBeGreaterThan(30)
})
