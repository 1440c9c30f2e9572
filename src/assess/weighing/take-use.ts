import { jsonText, readJson } from '../../platform/state/columns.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { AssessTables } from '../inventory/tables.ts'
import { assetsIn, namesOf } from './known.ts'
import { markChanged, saveUse, spellingsOf, useOf } from './queries.ts'
import { AGENT_HOLDS_MS, type UsedPart } from './use.ts'

/** What an agent told of its host since it was heard last. Times are the server's, milliseconds UTC. */
export interface ToldUse {
  readonly scope: string
  readonly asset: string
  readonly parts: readonly UsedPart[]
  /** An image, of which each host sees its own containers only: what none was seen with says nothing. */
  readonly seenOnly?: boolean
}

/**
 * Adds what an agent saw running to what is known of its host; what it has not told of again for long is forgotten. Assets of
 * which something else is known now are weighed again. An empty list says nothing: not even that it looked.
 */
export async function takeUse(state: State, { scope, asset, parts, seenOnly = false }: ToldUse): Promise<void> {
  if (parts.length === 0) return
  await state.transaction<AssessTables, void>(async (trx) => {
    const db = scopedTo(trx, scope)
    const folded = asset.toLowerCase()
    const before = (await useOf(db, [folded])).find((row) => row.asset === asset)
    const looked = Math.max(before?.looked ?? 0, ...parts.map(({ at }) => at))
    const silent = before === undefined || looked - before.looked >= AGENT_HOLDS_MS
    const known = new Map((silent ? [] : readJson<UsedPart[]>(before.parts)).map((part) => [keyOf(part), part]))
    const old = new Set(known.keys())
    for (const part of parts) if (part.at >= (known.get(keyOf(part))?.at ?? 0)) known.set(keyOf(part), part)
    for (const [key, { at }] of known) if (looked - at >= AGENT_HOLDS_MS) known.delete(key)
    // Who was silent may have missed what ran meanwhile: it begins to watch anew.
    const since = seenOnly ? looked : silent ? Math.min(...parts.map(({ at }) => at)) : before.since
    await saveUse(db, { scope, asset, folded, since, looked, parts: jsonText([...known.values()]) })
    if (!silent && old.symmetricDifference(new Set(known.keys())).size === 0) return
    const names = namesOf(asset, await assetsIn(db))
    const spellings = [...(await spellingsOf(db, names)).values()].flat()
    await markChanged(
      db,
      spellings.map((one) => ({ scope, asset: one })),
    )
  })
}

function keyOf({ type, name, version }: UsedPart): string {
  return `${type}\n${name}\n${version ?? ''}`
}
