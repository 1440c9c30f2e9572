import { createHash } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import type { RuleInfo } from '../kernel/detection.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'

const KEY = 'rules'

/** Rule id → version, as they ran last. */
type Known = Readonly<Record<string, string>>

/**
 * Records which rules came, changed or went since the server ran last; the first start is one entry with their number and
 * digest. A rule that is switched off behind everyone's back thus leaves a trace.
 * @returns how many entries were recorded.
 */
export async function recordRuleChanges(state: State, rules: readonly RuleInfo[], clock: Clock): Promise<number> {
  return await state.transaction<StateTables, number>(async (trx) => {
    const row = await trx.selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst()
    const now: Known = Object.fromEntries(rules.map((rule) => [rule.id, rule.version]))
    const changes = row === undefined ? [firstStart(now)] : changesBetween(readJson<Known>(row.value), rules)
    if (changes.length === 0) return 0
    const at = clock.now()
    const value = jsonText(now)
    await trx
      .insertInto('settings')
      .values({ key: KEY, value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
      .execute()
    const evidence = changes.map((body): Evidence => ({ type: 'rule', scope: DEFAULT_SCOPE, observed: at, received: at, body }))
    await recordEvidence(trx, evidence, clock)
    return evidence.length
  })
}

function firstStart(known: Known): JsonObject {
  const lines = Object.entries(known).map(([id, version]) => `${id} ${version}\n`)
  return { action: 'first-start', rules: lines.length, sha256: createHash('sha256').update(lines.sort().join('')).digest('hex') }
}

function changesBetween(before: Known, rules: readonly RuleInfo[]): JsonObject[] {
  const ids = new Set(rules.map((rule) => rule.id))
  const came = rules.flatMap(({ id, version, title, file }): JsonObject[] => {
    const old = before[id]
    if (old === version) return []
    return [
      old === undefined
        ? { action: 'add', rule: id, version, title, file }
        : { action: 'change', rule: id, version, before: old, title, file },
    ]
  })
  const went = Object.entries(before).filter(([id]) => !ids.has(id))
  return [...came, ...went.map(([id, version]): JsonObject => ({ action: 'remove', rule: id, version }))]
}
