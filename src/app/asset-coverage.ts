import type { CollectTables } from '../collect/tables.ts'
import { isJsonObject, type JsonObject } from '../kernel/json.ts'
import { type Measure, type Reading, shareOf } from '../kernel/measure.ts'
import { readJson } from '../platform/state/columns.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { fold } from '../platform/text/fold.ts'

const NAMES_IN_EVIDENCE = 20

const INFO: Omit<Measure, 'measure'> = {
  id: 'collect.asset-coverage',
  unit: 'percent',
  title: { en: 'Assets that send events', ja: 'イベントを送っている資産の割合' },
  check: ({ labels, ...rest }) => {
    const stray = Object.keys(rest)[0]
    if (stray !== undefined) return `it has no parameter ${stray}; it knows labels`
    const texts = labels === undefined || (isJsonObject(labels) && Object.values(labels).every((one) => typeof one === 'string'))
    return texts ? undefined : 'labels must be names with a text each'
  },
}

/** What a card may name, for checking cards where no server runs. */
export function assetMeasureInfos(): readonly Omit<Measure, 'measure'>[] {
  return [INFO]
}

/**
 * Of the assets on record (those with all `labels`, where given), how many were heard as hosts within the window, under any
 * of their names: coverage of endpoints, as an inventory and what really arrives show it. It needs two rooms, so it is here.
 */
export function assetMeasures(state: State): readonly Measure[] {
  return [{ ...INFO, measure: (params, from, _to, scope) => coverage(state, params, from, scope) }]
}

async function coverage(state: State, params: JsonObject, from: number, scope: string): Promise<Reading> {
  const wanted = Object.entries(isJsonObject(params['labels']) ? params['labels'] : {})
  const rows = await state.scoped<StateTables>(scope).selectFrom('assets').select(['name', 'names', 'labels']).execute()
  const assets = rows.filter(({ labels }) => {
    const known = readJson<Record<string, string>>(labels)
    return wanted.every(([label, value]) => known[label] === value)
  })
  if (assets.length === 0) {
    const missing = { en: 'No such asset is on record.', ja: '対象となる資産が登録されていません。' }
    return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing }
  }
  const heard = await state
    .scoped<CollectTables>(scope)
    .selectFrom('collect_hosts')
    .select('host')
    .distinct()
    .where('last_seen', '>=', from)
    .execute()
  const hosts = new Set(heard.map(({ host }) => foldName(host)))
  const silent = assets.filter(({ names }) => !readJson<string[]>(names).some((name) => hosts.has(foldName(name))))
  const good = assets.length - silent.length
  return {
    value: shareOf(good, assets.length),
    good,
    bad: silent.length,
    unknown: 0,
    evidence: { assets: assets.length, heard: good, notHeard: silent.slice(0, NAMES_IN_EVIDENCE).map(({ name }) => name) },
  }
}

function foldName(name: string): string {
  return fold(name.normalize('NFKC'))
}
