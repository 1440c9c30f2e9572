import type { Kysely } from 'kysely'
import type { Refusal, RuleInfo } from '../../kernel/detection.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import type { Quarantined } from '../rule-costs.ts'
import type { RuleSet } from '../rule-set.ts'
import { dropQuarantine, putQuarantine, readQuarantine } from './queries.ts'
import type { QuarantineTable, QuarantineTables } from './tables.ts'

/** What the quarantine needs of the rules. */
type Rules = Pick<RuleSet, 'withhold' | 'release' | 'standingOn'> & { readonly all: readonly RuleInfo[] }

/** Rules that used up their time, kept over restarts until they change or somebody releases them. */
export interface Quarantine {
  /** Each as a refusal: a rule that is not evaluated covers nothing. */
  refusals(): readonly Refusal[]
  /** Ids of rules that are not evaluated, and of correlations that stand on them. */
  silent(): ReadonlySet<string>
  /** Keeps what the rules have quarantined, with evidence, in the transaction of the batch's other consequences. */
  record(trx: Kysely<QuarantineTables>, rules: readonly Quarantined[], now: number): Promise<void>
  /** Evaluates a rule again; false where it was not quarantined. */
  release(rule: string, by: JsonObject, now: number): Promise<boolean>
}

export async function openQuarantine(state: State, rules: Rules): Promise<Quarantine> {
  const versions = new Map(rules.all.map(({ id, version }) => [id, version]))
  const rows = new Map<string, QuarantineTable>()
  const changed: string[] = []
  for (const row of await readQuarantine(state.tables<QuarantineTables>())) {
    if (versions.get(row.rule_id) === row.rule_version) rows.set(row.rule_id, row)
    else changed.push(row.rule_id)
  }
  await dropQuarantine(state.tables<QuarantineTables>(), changed)
  rules.withhold(rows.keys())

  return {
    refusals: () => [...rows.values()].map(refusalOf),
    silent: () => new Set([...rows.values()].flatMap((row) => [row.rule_id, ...readJson<string[]>(row.silenced)])),
    async record(trx, quarantined, now) {
      const added = quarantined.map((one) => rowOf(one, rules.standingOn(one.rule.id), now))
      for (const row of added) rows.set(row.rule_id, row)
      await putQuarantine(trx, added)
      await recordEvidence(trx, added.map(evidenceOf))
    },
    async release(rule, by, now) {
      const row = rows.get(rule)
      if (row === undefined) return false
      await state.transaction<QuarantineTables, void>(async (trx) => {
        await dropQuarantine(trx, [rule])
        const body = { action: 'release', rule, version: row.rule_version, title: row.title, file: row.file, by }
        await recordEvidence(trx, [{ type: 'rule', scope: DEFAULT_SCOPE, observed: now, received: now, body }])
      })
      rows.delete(rule)
      rules.release(rule)
      return true
    },
  }
}

function rowOf({ rule, tookMs, budgetMs, events, event }: Quarantined, silenced: readonly string[], at: number): QuarantineTable {
  return {
    rule_id: rule.id,
    scope: DEFAULT_SCOPE,
    rule_version: rule.version,
    title: rule.title,
    file: rule.file,
    at,
    took_ms: tookMs,
    budget_ms: budgetMs,
    events,
    event_id: event,
    silenced: jsonText([...silenced]),
  }
}

function evidenceOf(row: QuarantineTable): Evidence {
  const { rule_id: rule, rule_version: version, title, file, took_ms: tookMs, budget_ms: budgetMs, events, event_id: event } = row
  const silenced = readJson<string[]>(row.silenced)
  const body = { action: 'quarantine', rule, version, title, file, tookMs, budgetMs, events, event, silenced }
  return { type: 'rule', scope: row.scope, observed: row.at, received: row.at, body }
}

function refusalOf(row: QuarantineTable): Refusal {
  const { rule_id: rule, title, took_ms: tookMs, budget_ms: budgetMs, events } = row
  const silenced = readJson<string[]>(row.silenced)
  const since = new Date(row.at).toISOString()
  const words = [
    `quarantined since ${since}: '${row.title}' took ${row.took_ms} ms of CPU for ${row.events} events, where ${row.budget_ms} ms are allowed (longest for event ${row.event_id})`,
    ...(silenced.length === 0 ? [] : [`silent with it: ${silenced.join(', ')}`]),
    'change the rule, or release it with POST /api/v1/rules/release',
  ]
  return {
    file: row.file,
    line: 1,
    code: 'quarantined',
    reason: words.join('; '),
    quarantine: { rule, title, since, tookMs, budgetMs, events, silenced },
  }
}
