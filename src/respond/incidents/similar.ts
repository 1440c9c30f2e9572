import { readJson } from '../../platform/state/columns.ts'
import { type Db, incidentsByIds, traitsOfOthers } from './queries.ts'
import type { SimilarIncident } from './schema.ts'
import type { IncidentAlertsTable, IncidentsTable } from './tables.ts'

/** How much it says that two incidents share one: a host or an account most, a technique least. */
const WEIGHTS = { entities: 3, rules: 2, techniques: 1 } as const
/** Less than one shared rule is chance: half of all incidents have some technique in common. */
const LEAST = 2
const MOST = 5
const LOOKED_AT = 5000

type Traits = Pick<IncidentAlertsTable, 'rule_id' | 'title' | 'title_ja' | 'techniques' | 'entity_kind' | 'entity_name'>

interface Shared {
  readonly rules: Map<string, { readonly en: string; readonly ja: string }>
  readonly techniques: Set<string>
  readonly entities: Map<string, { readonly kind: string; readonly name: string }>
}

/** Earlier incidents that share rules, techniques or entities with this one, and what it is that they share. */
export async function similarTo(
  db: Db,
  incident: IncidentsTable,
  alerts: readonly IncidentAlertsTable[],
): Promise<SimilarIncident[]> {
  if (alerts.length === 0) return []
  const own = traitsOf(alerts)
  const others = Map.groupBy(await traitsOfOthers(db, incident.id, LOOKED_AT), (row) => row.incident_id)
  const scored = [...others]
    .map(([id, rows]) => ({ id, shared: sharedBy(own, rows) }))
    .map((one) => ({ ...one, score: scoreOf(one.shared) }))
    .filter(({ score }) => score >= LEAST)
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, MOST)
  const rows = new Map(
    (
      await incidentsByIds(
        db,
        scored.map(({ id }) => id),
      )
    ).map((row) => [row.id, row]),
  )
  return scored.flatMap(({ id, shared }) => {
    const row = rows.get(id)
    if (row === undefined) return []
    const { number, title, title_ja, severity, state, outcome, opened } = row
    return [
      {
        ...{
          id,
          number,
          title,
          titleJa: title_ja === '' ? title : title_ja,
          severity,
          state,
          outcome,
          opened: new Date(opened).toISOString(),
        },
        shared: {
          rules: [...shared.rules.values()],
          techniques: [...shared.techniques].toSorted(),
          entities: [...shared.entities.values()],
        },
      },
    ]
  })
}

function traitsOf(rows: readonly Traits[]): Shared {
  const traits: Shared = { rules: new Map(), techniques: new Set(), entities: new Map() }
  for (const row of rows) {
    traits.rules.set(row.rule_id, { en: row.title, ja: row.title_ja })
    for (const technique of readJson<string[]>(row.techniques)) traits.techniques.add(technique)
    traits.entities.set(`${row.entity_kind} ${row.entity_name.toLowerCase()}`, { kind: row.entity_kind, name: row.entity_name })
  }
  return traits
}

function sharedBy(own: Shared, rows: readonly Traits[]): Shared {
  const other = traitsOf(rows)
  return {
    rules: new Map([...own.rules].filter(([id]) => other.rules.has(id))),
    techniques: own.techniques.intersection(other.techniques),
    entities: new Map([...own.entities].filter(([key]) => other.entities.has(key))),
  }
}

function scoreOf({ rules, techniques, entities }: Shared): number {
  return rules.size * WEIGHTS.rules + techniques.size * WEIGHTS.techniques + entities.size * WEIGHTS.entities
}
