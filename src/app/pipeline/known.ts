import type { Kysely } from 'kysely'
import { type HandOver, loadHandOver } from '../../access/assets/hand-over.ts'
import { loadInventory } from '../../access/assets/inventory.ts'
import type { AccessTables } from '../../access/tables.ts'
import { createEnricher } from '../../collect/enrich/enrich.ts'
import { type Geo, openGeo } from '../../collect/enrich/geo.ts'
import { createMasker, type Masker, type MaskTally } from '../../collect/masking/mask.ts'
import { readZones } from '../../collect/queries.ts'
import type { CollectTables } from '../../collect/tables.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { offsetOf } from '../../kernel/zone.ts'
import type { State } from '../../platform/state/state.ts'
import type { WorkerSettings } from './messages.ts'
import { quickTest } from './quick-test.ts'

/** Adds what we know of those a document names, then takes out what must not be kept. */
export type Finish = (doc: JsonObject, scope: string, tally: MaskTally) => void

/** What the writer knows besides the records themselves. */
export interface Known {
  handOver(): HandOver
  /** Undefined where nothing is known and nothing masked: then nothing is asked for each event. */
  finish(): Finish | undefined
  /** Minutes east of UTC for lines of a source without a zone, at a time. */
  zoneMinutes(scope: string, source: string, configured: number, at: number): number
  /** Reads it all anew. @returns geo databases that could not be read and stay as they were. */
  refresh(): Promise<readonly string[]>
}

export type KnownSettings = Pick<WorkerSettings, 'geoip' | 'masking' | 'zoneMinutes'>

/** @throws KanpekiError `geoip_unreadable`. */
export async function openKnown(state: State, settings: KnownSettings): Promise<Known> {
  const geo = openGeo(settings.geoip)
  const mask = createMasker(settings.masking.rules, settings.masking.key, quickTest)
  let known = await read(state, geo, mask)
  return {
    handOver: () => known.handOver,
    finish: () => known.finish,
    zoneMinutes(scope, source, configured, at) {
      const zone = known.zones.size === 0 ? undefined : known.zones.get(`${scope}\0${source}`)
      if (zone !== undefined) return offsetOf(zone, at)
      return configured === 0 ? settings.zoneMinutes : configured
    },
    async refresh() {
      const failed = geo?.refresh() ?? []
      known = await read(state, geo, mask)
      return failed
    },
  }
}

async function read(
  state: State,
  geo: Geo | undefined,
  mask: Masker | undefined,
): Promise<{ readonly handOver: HandOver; readonly finish: Finish | undefined; readonly zones: ReadonlyMap<string, string> }> {
  const access: Kysely<AccessTables> = state.tables<AccessTables>()
  const enrich = createEnricher({ geo, ...(await loadInventory(access)) })
  const zones = await readZones(state.tables<CollectTables>())
  return {
    handOver: await loadHandOver(access),
    finish: finishOf(enrich, mask),
    zones: new Map(zones.map(({ scope, id, zone }) => [`${scope}\0${id}`, zone])),
  }
}

function finishOf(enrich: ReturnType<typeof createEnricher>, mask: Masker | undefined): Finish | undefined {
  if (enrich === undefined) return mask === undefined ? undefined : (doc, _scope, tally) => mask(doc, tally)
  if (mask === undefined) return (doc, scope) => enrich(doc, scope)
  return (doc, scope, tally) => {
    enrich(doc, scope)
    mask(doc, tally)
  }
}
