import { type RuleInfo, severityOfLevel } from '../kernel/detection.ts'
import { type Route, route } from '../platform/http/route.ts'
import { folded, orNull } from './alerts-view.ts'
import { coverage } from './coverage.ts'
import { figuresByRule } from './queries.ts'
import type { DetectDeps } from './routes-deps.ts'
import { proofsByTechnique, provenScenarios } from './scenarios/proofs.ts'
import { coverageQuery, coverageResponse, type RuleRow, rulesQuery, rulesResponse, techniquesResponse } from './schema.ts'
import type { DetectTables } from './tables.ts'

const FIGURE_DAYS = 30
const DAY_MS = 86_400_000
const REFUSED_SHOWN = 500

type Figures = Awaited<ReturnType<typeof figuresByRule>>

/** What rules are loaded, what they raised, and what ATT&CK techniques are proven by it. */
export function ruleRoutes(deps: DetectDeps): Route[] {
  const db = (scope: string) => deps.state.scoped<DetectTables>(scope)
  return [
    route({
      method: 'GET',
      path: '/api/v1/rules',
      permission: 'rules:read',
      summary: 'Loaded rules with what they raised in 30 days, and the refused ones with file, line and reason',
      query: rulesQuery,
      response: rulesResponse,
      handle: async ({ query, caller }) => {
        const { loaded, refused } = deps.rules()
        const figures = Map.groupBy(
          await figuresByRule(db(caller.scope), deps.clock.now() - FIGURE_DAYS * DAY_MS),
          (row) => row.rule_id,
        )
        const words = folded(query.q ?? '').split(/\s+/)
        const found = loaded.filter((rule) => words.every((word) => folded(wordsOf(rule)).includes(word)))
        const from = Number(query.cursor ?? 0)
        const page = found.slice(from, from + query.limit)
        return {
          rules: page.map((rule) => ruleRow(rule, figures.get(rule.id) ?? [])),
          next: from + page.length < found.length ? String(from + page.length) : null,
          total: found.length,
          refused: refused.slice(0, REFUSED_SHOWN),
          refusedTotal: refused.length,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/coverage',
      permission: 'rules:read',
      summary: 'ATT&CK coverage by tactic, over a stated set, by the last execution of each scenario',
      query: coverageQuery,
      response: coverageResponse,
      handle: async ({ query }) => {
        const now = deps.clock.now()
        const { loaded } = deps.rules()
        const scenarios = await provenScenarios(deps.state.tables(), deps.scenarios().scenarios, loaded, now + 1)
        return coverage(deps.attack, loaded, proofsByTechnique(scenarios), query.days, now)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/attack/techniques',
      permission: 'rules:read',
      summary: 'Names of ATT&CK tactics and techniques',
      response: techniquesResponse,
      handle: async () => ({
        attack: deps.attack.version,
        tactics: deps.attack.tactics,
        techniques: Object.fromEntries([...deps.attack.techniques].map(([id, technique]) => [id, technique.name])),
      }),
    }),
  ]
}

function wordsOf(rule: RuleInfo): string {
  return [rule.title, rule.ja?.title ?? '', rule.id, rule.file, ...rule.techniques, ...rule.tactics].join(' ')
}

/** A rule with what it raised; `figures` are those of this rule alone. */
export function ruleRow(rule: RuleInfo, figures: Figures): RuleRow {
  const sum = (rows: Figures, of: 'alerts' | 'detections'): number => rows.reduce((total, row) => total + row[of], 0)
  const judged = (verdict: string): number =>
    sum(
      figures.filter((row) => row.verdict === verdict),
      'alerts',
    )
  const all = judged('true') + judged('false') + judged('expected')
  return {
    id: rule.id,
    version: rule.version,
    title: rule.title,
    titleJa: rule.ja?.title ?? rule.title,
    description: rule.description,
    descriptionJa: rule.ja?.description ?? rule.description,
    level: rule.level,
    severity: severityOfLevel[rule.level],
    file: rule.file,
    engine: rule.engine ?? 'sigma',
    missing: [...(rule.missing ?? [])],
    off: rule.off === true,
    techniques: [...rule.techniques],
    tactics: [...rule.tactics],
    alerts: sum(figures, 'alerts'),
    detections: sum(figures, 'detections'),
    judgedTrue: judged('true'),
    judgedFalse: judged('false'),
    judgedExpected: judged('expected'),
    perWeek: Math.round((sum(figures, 'alerts') / FIGURE_DAYS) * 70) / 10,
    precision: all === 0 ? null : Math.round((judged('true') / all) * 1000) / 10,
    lastRaised: orNull(figures.length === 0 ? null : Math.max(...figures.map((row) => row.last))),
  }
}
