import { createHash } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import type { Feeds } from '../feeds/load.ts'
import type { Verdicts } from '../scan/findings.ts'
import { type Judged, judgeInventory } from './judge.ts'
import {
  allInventories,
  componentsOf,
  type Db,
  findingsOf,
  noteJudged,
  replaceComponents,
  saveFindings,
  saveInventory,
} from './queries.ts'
import type { AssessTables, ComponentsTable } from './tables.ts'

const NAMED_IN_EVIDENCE = 20

export interface Taken {
  readonly scope: string
  readonly asset: string
  readonly source: string
  readonly format: string
  readonly components: readonly Pick<ComponentsTable, 'name' | 'version' | 'purl' | 'place'>[]
  readonly by: { readonly name: string; readonly account: string | null }
}

/** Takes a list of what is installed in the place of the one before, and judges it: all of it, or nothing. */
export async function takeIn(state: State, taken: Taken, feeds: Feeds, clock: Clock): Promise<Judged> {
  const { scope, asset, source, format, components, by } = taken
  const now = clock.now()
  const rows = components.map(
    ({ name, version, purl, place }, number): ComponentsTable => ({
      scope,
      asset,
      source,
      number,
      name,
      folded: name.toLowerCase(),
      version,
      purl,
      place,
    }),
  )
  const sha256 = createHash('sha256')
    .update(canonicalJson(rows.map(({ name, version, purl, place }) => [name, version, purl, place])))
    .digest('hex')
  return await state.transaction<AssessTables, Judged>(async (trx) => {
    const key = { scope, asset, source }
    const judged = judgeInventory(key, rows, await findingsOf(trx, key), feeds, now)
    await replaceComponents(trx, key, rows)
    await saveFindings(trx, judged.rows)
    const body = {
      action: 'inventory.take',
      by: by.name,
      account: by.account,
      target: asset,
      source,
      format,
      sha256,
      components: rows.length,
      ...countsOf(judged),
      feeds: { advisories: feeds.advisories.size, newest: feeds.advisories.newest, kev: feeds.kev?.released ?? null },
    }
    const outbox = await recordEvidence(trx, [{ type: 'admin', scope, observed: now, received: now, body }], clock)
    await saveInventory(trx, {
      ...key,
      format,
      sha256,
      components: rows.length,
      unjudged: judged.unjudged,
      received: now,
      judged_at: now,
      by_name: by.name,
      outbox,
    })
    return judged
  })
}

function countsOf({ open, unjudged, found, regressed, gone }: Judged) {
  const named = (rows: Judged['gone']): string[] =>
    rows.slice(0, NAMED_IN_EVIDENCE).map(({ id, package: name }) => `${id} ${name}`)
  return {
    open,
    unjudged,
    found: found.length,
    regressed: { count: regressed.length, first: named(regressed) },
    gone: { count: gone.length, first: named(gone) },
  }
}

/** Judges every inventory again, one transaction each: advisories changed. @returns how many findings are new. */
export async function judgeAgain(state: State, feeds: Feeds, clock: Clock): Promise<number> {
  let found = 0
  const verdicts: Verdicts = new Map()
  for (const inventory of await allInventories(state.tables<AssessTables>() as Db)) {
    found += await state.transaction<AssessTables, number>(async (trx) => {
      const now = clock.now()
      const judged = judgeInventory(
        inventory,
        await componentsOf(trx, inventory),
        await findingsOf(trx, inventory),
        feeds,
        now,
        verdicts,
      )
      await saveFindings(trx, judged.rows)
      await noteJudged(trx, inventory, judged.unjudged, now)
      return judged.found.length
    })
  }
  return found
}
