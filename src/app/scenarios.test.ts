import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadAttack } from '../detect/coverage-attack.ts'
import { loadRuleSet } from '../detect/rule-set.ts'
import { ruleNamed } from '../detect/scenarios/judge.ts'
import { loadScenarios } from '../detect/scenarios/load.ts'
import { PLATFORMS } from '../detect/scenarios/schema.ts'
import { TACTICS } from '../kernel/detection.ts'
import { CONTENT } from './places.ts'
import { executeOffline } from './scenarios-offline.ts'

/** The shipped scenarios through the real parsers and the real rules. */

const folder = join(CONTENT, 'scenarios')
const { scenarios, refused } = loadScenarios([folder])
const rules = loadRuleSet([join(CONTENT, 'detections')], (file) => file.replace(CONTENT, ''))
const NOW = Date.UTC(2026, 10, 22, 9, 30)
const results = new Map(executeOffline(scenarios, rules, 'test-run', NOW).map((one) => [one.scenario.id, one]))
const SOON_MS = 20_000
const again = executeOffline(scenarios, rules, 'another-run', NOW + SOON_MS)
const attack = loadAttack()

const LEAST_TECHNIQUES = 220

describe('the shipped scenarios', () => {
  it('are all read', () => {
    expect(refused).toEqual([])
    expect(scenarios.map(({ id }) => `${id}.yml`)).toEqual(readdirSync(folder).map((name) => basename(name)))
  })

  it('cover enough techniques, every tactic and every platform', () => {
    const techniques = new Set(scenarios.flatMap((one) => one.techniques))
    expect([...techniques].filter((id) => !attack.techniques.has(id))).toEqual([])
    expect(techniques.size).toBeGreaterThanOrEqual(LEAST_TECHNIQUES)
    const tactics = new Set([...techniques].flatMap((id) => attack.techniques.get(id)?.tactics ?? []))
    expect(TACTICS.filter((tactic) => !tactics.has(tactic))).toEqual([])
    const platforms = new Set(scenarios.map(({ platform }) => platform))
    expect(PLATFORMS.filter((platform) => !platforms.has(platform))).toEqual([])
  })

  it('pass again at once: nothing that one run leaves in a window meets the next', () => {
    expect(again.filter(({ result }) => result !== 'passed').map(({ scenario, detail }) => [scenario.id, detail])).toEqual([])
  })

  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    '%s: the attack is seen, the near misses are not',
    (id, scenario) => {
      const { result, detail, unread } = results.get(id)!
      expect(unread).toEqual([])
      expect({ silent: detail.silent, notLoaded: detail.notLoaded, loud: detail.loud }).toEqual({
        silent: [],
        notLoaded: [],
        loud: [],
      })
      expect(result).toBe('passed')
      const named = scenario.rules.flatMap((name) => ruleNamed(name, rules.rules)?.techniques ?? [])
      expect(
        scenario.techniques.filter((technique) => !named.includes(technique)),
        'techniques that none of its rules names',
      ).toEqual([])
      expect(JSON.stringify(scenario.title.ja)).toMatch(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u)
    },
  )

  afterAll(() => {
    const techniques = new Set(scenarios.flatMap((one) => one.techniques))
    const passed = [...results.values()].filter(({ result }) => result === 'passed').length
    console.info(`scenarios: ${passed} of ${scenarios.length} passed, ${techniques.size} techniques`)
  })
})
