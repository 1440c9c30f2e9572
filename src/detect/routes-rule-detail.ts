import { z } from 'zod'
import type { Clock } from '../kernel/clock.ts'
import type { RuleInfo } from '../kernel/detection.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { JsonObject } from '../kernel/json.ts'
import { type Route, route } from '../platform/http/route.ts'
import type { State } from '../platform/state/state.ts'
import { rfc3339 } from './alerts-view.ts'
import { figuresByRule, raisedByRule } from './queries.ts'
import type { DetectDeps } from './routes-deps.ts'
import { ruleRow } from './routes-rules.ts'
import { readRuleSource } from './rule-source.ts'
import { ruleNamed } from './scenarios/judge.ts'
import { provenScenarios } from './scenarios/proofs.ts'
import { ruleDetail } from './schema.ts'
import type { DetectTables } from './tables.ts'

export interface RuleDetailDeps extends Pick<DetectDeps, 'rules' | 'scenarios'> {
  readonly state: State
  readonly clock: Clock
  /** Where a loaded rule's file lies. */
  pathOf(rule: RuleInfo): string
  /** The newest documents of a scope, at most `limit`. */
  newest(scope: string, limit: number): Promise<readonly JsonObject[]>
}

const DAY_MS = 86_400_000
const FIGURE_DAYS = 30
const WEEKS = 12
const MOST_ALERTS = 20_000
const EVENTS_FOR_COST = 1_000

/** One rule opened. */
export function ruleDetailRoutes({ state, clock, rules, scenarios, pathOf, newest }: RuleDetailDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/rules/:id',
      permission: 'rules:read',
      summary: 'One rule: its text and tests, alerts a week, cost, and the scenarios that execute it',
      params: z.object({ id: z.string().min(1).max(200) }),
      response: ruleDetail,
      handle: async ({ params, caller }) => {
        const { loaded } = rules()
        const rule = loaded.find(({ id }) => id === params.id)
        if (rule === undefined) throw new KanpekiError('not_found', `There is no rule ${params.id}.`)
        const db = state.scoped<DetectTables>(caller.scope)
        const now = clock.now()
        const figures = (await figuresByRule(db, now - FIGURE_DAYS * DAY_MS)).filter((row) => row.rule_id === rule.id)
        const source = readRuleSource(pathOf(rule), rule)
        const docs = source?.run === undefined ? [] : await newest(caller.scope, EVENTS_FOR_COST)
        const executing = scenarios().scenarios.filter((one) => one.rules.some((name) => ruleNamed(name, loaded)?.id === rule.id))
        const proven = await provenScenarios(state.tables(), executing, loaded, now + 1)
        return {
          ...ruleRow(rule, figures),
          text: source?.text ?? null,
          tests: [...(source?.tests ?? [])],
          weeks: weeksOf(await raisedByRule(db, rule.id, now - WEEKS * 7 * DAY_MS, MOST_ALERTS), now),
          cost: docs.length === 0 ? null : (source?.run?.(docs) ?? null),
          scenarios: proven.map(({ scenario, state: proof, at }) => ({
            id: scenario.id,
            title: scenario.title,
            state: proof,
            at: at === undefined ? null : rfc3339(at),
          })),
        }
      },
    }),
  ]
}

function weeksOf(raised: readonly number[], now: number): { readonly from: string; readonly alerts: number }[] {
  const begin = now - WEEKS * 7 * DAY_MS
  const counts = Array.from({ length: WEEKS }, () => 0)
  for (const at of raised) {
    const week = Math.min(WEEKS - 1, Math.max(0, Math.floor((at - begin) / (7 * DAY_MS))))
    counts[week] = (counts[week] ?? 0) + 1
  }
  return counts.map((alerts, week) => ({ from: rfc3339(begin + week * 7 * DAY_MS), alerts }))
}
