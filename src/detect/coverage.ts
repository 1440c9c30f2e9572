import type { RuleInfo, Tactic } from '../kernel/detection.ts'
import { rfc3339 } from './alerts-view.ts'
import { type Attack, parentOf, withParents } from './coverage-attack.ts'
import { betterProof, type TechniqueProof } from './scenarios/proofs.ts'
import type { CoverageResponse, CoverageState } from './schema.ts'

const DAY_MS = 86_400_000

/**
 * The stated set: the techniques of loaded rules that this ATT&CK version has, and those of the core set. A set that
 * only held what rules name would call a small rule pack complete.
 */
export function statedSet(attack: Attack, rules: readonly RuleInfo[]): readonly string[] {
  const named = rules.flatMap((rule) => rule.techniques)
  return [...new Set([...attack.core.techniques, ...named])].filter((id) => attack.techniques.has(id)).sort()
}

/**
 * ATT&CK coverage by tactic. A technique is proven by a scenario for it (or a sub-technique of it) that was executed within
 * `days` and passed: the alert was raised and the near misses stayed silent. A rule that was never executed proves nothing,
 * and neither does an alert that nobody provoked.
 */
export function coverage(
  attack: Attack,
  loaded: readonly RuleInfo[],
  proofs: readonly TechniqueProof[],
  days: number,
  now: number,
): CoverageResponse {
  // What cannot run, or was switched off, covers nothing.
  const rules = loaded.filter(({ missing, off }) => missing === undefined && off !== true)
  const ruleCount = countRules(rules)
  const proven = spreadProofs(proofs)
  const since = now - days * DAY_MS
  const set = statedSet(attack, rules)
  const rows = set.map((id) => {
    const proof = proven.get(id)
    const count = ruleCount.get(id) ?? 0
    return {
      id,
      name: attack.techniques.get(id)?.name ?? id,
      state: stateOf(proof, count, since),
      rules: count,
      lastExecuted: proof === undefined ? null : rfc3339(proof.at),
      scenario: proof?.scenario ?? null,
    }
  })
  const tally = (state: CoverageState): number => rows.filter((row) => row.state === state).length
  const inTactic = (id: string, tactic: Tactic): boolean => attack.techniques.get(id)?.tactics.includes(tactic) ?? false
  return {
    attack: attack.version,
    days,
    set: {
      en: `Techniques named by the ${rules.length} loaded rules and the ${attack.core.techniques.length} of the core set.`,
      ja: `読み込み済みルール${rules.length}件が挙げる手法と、基本セットの${attack.core.techniques.length}手法。`,
    },
    tactics: attack.tactics.map((tactic) => ({
      id: tactic.id,
      name: tactic.name,
      techniques: rows.filter((row) => inTactic(row.id, tactic.id)),
    })),
    totals: {
      techniques: rows.length,
      proven: tally('proven'),
      older: tally('older'),
      failed: tally('failed'),
      rule: tally('rule'),
      nothing: tally('nothing'),
      percent: rows.length === 0 ? null : Math.round((tally('proven') / rows.length) * 1000) / 10,
    },
    unknown: [...new Set(rules.flatMap((rule) => rule.techniques))].filter((id) => !attack.techniques.has(id)).sort(),
  }
}

export function spreadProofs(proofs: readonly TechniqueProof[]): ReadonlyMap<string, TechniqueProof> {
  return withParents(new Map(proofs.map((proof) => [proof.technique, proof])), betterProof)
}

function stateOf(proof: TechniqueProof | undefined, rules: number, since: number): CoverageState {
  if (proof === undefined) return rules > 0 ? 'rule' : 'nothing'
  if (proof.state === 'passed') return proof.at >= since ? 'proven' : 'older'
  return proof.state === 'failed' ? 'failed' : 'older'
}

/** A rule counts once for a technique, however many of its sub-techniques it names. */
function countRules(rules: readonly RuleInfo[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const rule of rules) {
    const ids = new Set(rule.techniques.flatMap((id) => [id, parentOf(id)]))
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}
