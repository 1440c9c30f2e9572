import { createHash } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { Policy } from '../prioritise/policy.ts'
import { askedAs } from '../scan/findings.ts'
import { countReleases } from '../scan/support.ts'
import { openTasks } from '../work/tasks.ts'
import type { FeedsFolder } from './feeds-folder.ts'
import { type Judged, judgeInventory } from './judge.ts'
import { findingsOf, inventoryOf, replaceComponents, saveFindings, saveInventory, scanOf } from './queries.ts'
import type { Reconciled } from './reconcile.ts'
import type { AssessTables, ComponentsTable, FindingsTable, InventoriesTable } from './tables.ts'
import { twinsOf } from './twins.ts'

const NAMED_IN_EVIDENCE = 20
const GRAVE_IN_EVIDENCE = 200
/** CVSS: critical. */
const GRAVE = 9

export interface Taken {
  readonly scope: string
  readonly asset: string
  readonly source: string
  readonly format: string
  readonly components: readonly Pick<ComponentsTable, 'name' | 'version' | 'purl' | 'place'>[]
  /** What runs there, package URLs or names; undefined where nobody looked: what was known of it stays then. */
  readonly inUse?: readonly string[] | undefined
  readonly by: { readonly name: string; readonly account: string | null }
}

/**
 * Takes a list of what is installed in the place of the one before, and judges it: all of it, or nothing.
 * @param current asked once nobody else writes: what is taken in by other feeds than the newest would not be judged again.
 */
export async function takeIn(
  state: State,
  taken: Taken,
  { current }: Pick<FeedsFolder, 'current'>,
  clock: Clock,
  policy: Policy,
): Promise<Judged> {
  const { scope, asset, source, format, components, inUse, by } = taken
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
      asked: askedAs({ name, version, purl, place }),
    }),
  )
  const sha256 = createHash('sha256')
    .update(canonicalJson(rows.map(({ name, version, purl, place }) => [name, version, purl, place])))
    .digest('hex')
  return await state.transaction<AssessTables, Judged>(async (trx) => {
    const key = { scope, asset, source }
    if ((await scanOf(trx, key)) !== undefined)
      throw new KanpekiError('conflict', `${source} is the report of another scanner on ${asset}.`, {
        remedy: 'Give the list another source.',
      })
    const feeds = await current()
    const before = await inventoryOf(trx, key)
    const running = inUse ?? usedOf(before)
    const look = { key, components: rows, inUse: running === undefined ? undefined : new Set(running), proof: sha256 }
    const judged = judgeInventory(look, await findingsOf(trx, key), feeds, now)
    await replaceComponents(trx, key, rows)
    const body = {
      action: 'inventory.take',
      by: by.name,
      account: by.account,
      target: asset,
      source,
      format,
      sha256,
      components: rows.length,
      unjudged: judged.unjudged,
      ...changesOf(judged),
      feeds: { advisories: feeds.advisories.size, newest: feeds.advisories.newest, kev: feeds.kev?.released ?? null },
    }
    const outbox = await recordEvidence(trx, [{ type: 'admin', scope, observed: now, received: now, body }], clock)
    await saveFindings(trx, provedAt(judged, outbox))
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
      in_use: running === undefined ? null : jsonText(running),
      in_use_at: inUse === undefined ? (before?.in_use_at ?? null) : now,
      twins: twinsOf(rows),
      releases: jsonText([...countReleases(rows).keys()]),
    })
    await openTasks(scopedTo(trx, scope), scope, [...judged.found, ...judged.regressed], policy, feeds, now)
    return judged
  })
}

function usedOf(row: InventoriesTable | undefined): readonly string[] | undefined {
  return row === undefined || row.in_use === null ? undefined : readJson<string[]>(row.in_use)
}

/** The rows with where the proof that some are gone stands in the evidence. */
export function provedAt({ rows, gone }: Reconciled, outbox: number): readonly FindingsTable[] {
  const closed = new Set(gone)
  return rows.map((row) => (closed.has(row) ? { ...row, gone_outbox: outbox } : row))
}

/** How many came, came back and went; of what is grave and gone, since when it was known, for the time to fix. */
export function changesOf({ open, found, regressed, gone }: Reconciled) {
  const named = (rows: Reconciled['gone']): string[] =>
    rows.slice(0, NAMED_IN_EVIDENCE).map(({ id, package: name }) => `${id} ${name}`)
  const grave = gone.filter(({ score, gone_by: proof }) => (score ?? 0) >= GRAVE && proof !== null)
  return {
    open,
    found: found.length,
    regressed: { count: regressed.length, first: named(regressed) },
    gone: { count: gone.length, first: named(gone) },
    ...(grave.length === 0
      ? {}
      : {
          mended: grave.slice(0, GRAVE_IN_EVIDENCE).map(({ id, package: name, score, first_seen: since }) => ({
            id,
            package: name,
            score,
            since: new Date(since).toISOString(),
          })),
        }),
  }
}
