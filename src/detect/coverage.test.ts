import { describe, expect, it } from 'vitest'
import { type RuleInfo, TACTICS } from '../kernel/detection.ts'
import { coverage, statedSet } from './coverage.ts'
import { loadAttack } from './coverage-attack.ts'
import type { TechniqueProof } from './scenarios/proofs.ts'
import { coverageResponse } from './schema.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 22)
const attack = loadAttack()

function rule(id: string, ...techniques: string[]): RuleInfo {
  return { id, version: 'v1', title: id, level: 'high', file: id, description: '', techniques, tactics: [] }
}

function proof(technique: string, state: TechniqueProof['state'], daysAgo: number): TechniqueProof {
  return { technique, scenario: technique, state, at: NOW - daysAgo * DAY, outbox: 1 }
}

describe('the shipped ATT&CK content', () => {
  it('has the 14 tactics in matrix order and the techniques of version 18.1', () => {
    expect(attack.version).toBe('18.1')
    expect(attack.tactics.map((tactic) => tactic.id)).toEqual([...TACTICS])
    const all = [...attack.techniques.keys()]
    expect(all.filter((id) => !id.includes('.'))).toHaveLength(216)
    expect(all.filter((id) => id.includes('.'))).toHaveLength(475)
  })

  it('states a core set of known techniques, each once', () => {
    const { techniques } = attack.core
    expect(techniques.length).toBeGreaterThan(50)
    expect(new Set(techniques).size).toBe(techniques.length)
    expect(techniques.filter((id) => !attack.techniques.has(id))).toEqual([])
  })
})

describe('coverage', () => {
  const rules = [rule('a', 'T1059.001'), rule('b', 'T1505.003', 'T1505'), rule('c', 'T1685'), rule('d')]
  const proofs = [
    proof('T1059.001', 'passed', 1),
    proof('T1070.001', 'passed', 30),
    // Passed, but its rule is another one since; executed, and the rule stayed silent; not executed to its end.
    proof('T1486', 'stale', 1),
    proof('T1110.003', 'failed', 1),
    proof('T1490', 'unknown', 1),
    // Of two scenarios for one parent the one that passed counts.
    proof('T1003.001', 'failed', 1),
    proof('T1003.003', 'passed', 2),
  ]
  const result = coverageResponse.parse(coverage(attack, rules, proofs, 7, NOW))
  const state = (id: string) => result.tactics.flatMap((tactic) => tactic.techniques).find((row) => row.id === id)?.state

  it.each([
    ['T1059.001', 'proven'],
    ['T1059', 'proven'],
    ['T1070', 'older'],
    ['T1505', 'rule'],
    ['T1505.003', 'rule'],
    ['T1486', 'older'],
    ['T1110', 'failed'],
    ['T1490', 'older'],
    ['T1003', 'proven'],
    ['T1531', 'nothing'],
    ['T1059.004', undefined],
    ['T1685', undefined],
  ])('%s is %s', (id, expected) => {
    expect(state(id)).toBe(expected)
  })

  it('counts a technique once, and a rule once a technique', () => {
    const { techniques, proven, older, failed, rule: only, nothing } = result.totals
    expect(techniques).toBe(statedSet(attack, rules).length)
    expect(proven + older + failed + only + nothing).toBe(techniques)
    expect([proven, failed]).toEqual([3, 1])
    const rows = result.tactics.flatMap((tactic) => tactic.techniques)
    expect(rows.find((row) => row.id === 'T1505')?.rules).toBe(1)
  })

  it('treats an id that this ATT&CK version does not have as unknown, not as covered', () => {
    expect(result.unknown).toEqual(['T1685'])
  })
})
