import type { Evidence } from '../../kernel/evidence.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { Feeds } from '../feeds/load.ts'
import { assetsByName, causesOf, subjectOf } from '../inventory/causes.ts'
import { assetsOf, type Db } from '../inventory/queries.ts'
import type { FindingsTable, WorkTable } from '../inventory/tables.ts'
import { holds, type Policy, type Subject } from '../prioritise/policy.ts'
import { spellingsOf } from '../weighing/queries.ts'
import { ratingsOfAssets, saveWork, workOfAssets } from './queries.ts'
import { ratingsBy } from './ratings.ts'

/** Work on a cause: the one kept under any of its names. */
export function workOn(
  work: ReadonlyMap<string, readonly WorkTable[]>,
  { row, names }: { readonly row: FindingsTable; readonly names: readonly string[] },
): WorkTable | undefined {
  return work
    .get(workPlace(row))
    ?.filter(({ id }) => names.includes(id))
    .toSorted((a, b) => b.updated - a.updated)[0]
}

export function workByPlace(rows: readonly WorkTable[]): ReadonlyMap<string, readonly WorkTable[]> {
  return Map.groupBy(rows, workPlace)
}

function workPlace({ asset, package: name }: Pick<WorkTable, 'asset' | 'package'>): string {
  return `${asset.toLowerCase()}\u0000${name}`
}

/** The rule of the policy that opens a task for it. */
export function taskFor(subject: Subject, { task }: Policy): Policy['task'][number] | undefined {
  return task.find(({ when }) => holds(when, subject))
}

/**
 * Opens a task for what was found or came back and a rule of the policy speaks of, unless somebody has it already: for
 * whom the rule says, else for the asset's owner. @param db limited to the scope of the rows. @param save keeps the work.
 */
export async function openTasks(
  db: Db,
  scope: string,
  rows: readonly FindingsTable[],
  policy: Policy,
  feeds: Feeds,
  now: number,
  save: typeof saveWork = saveWork,
): Promise<number> {
  if (rows.length === 0 || policy.task.length === 0) return 0
  const assets = assetsByName(await assetsOf(db))
  const names = [...new Set(rows.map(({ asset }) => asset))]
  const spellings = await spellingsOf(db, [...new Set(names.map((name) => name.toLowerCase()))])
  const work = workByPlace(await workOfAssets(db, [...new Set([...names, ...[...spellings.values()].flat()])]))
  const ratedOf = ratingsBy(await ratingsOfAssets(db, names))
  const opened: WorkTable[] = []
  const told: Evidence[] = []
  for (const cause of causesOf(rows)) {
    const asset = assets.get(cause.row.asset.toLowerCase())
    const rule = taskFor(subjectOf(cause, asset, feeds, ratedOf(cause)), policy)
    if (rule === undefined || workOn(work, cause) !== undefined) continue
    const owner = rule.owner ?? asset?.owner ?? null
    const { asset: name, package: place, id } = cause.row
    const note = `policy: ${rule.name}`
    opened.push({
      scope,
      asset: name,
      package: place,
      id,
      owner,
      due: null,
      ticket: null,
      note,
      updated: now,
      by_name: note,
    })
    const body = {
      action: 'weakness.task',
      by: note,
      account: null,
      target: id,
      asset: name,
      package: place,
      owner,
      rule: rule.name,
    }
    told.push({ type: 'admin', scope, observed: now, received: now, body })
  }
  if (opened.length === 0) return 0
  await save(db, opened)
  await recordEvidence(db, told)
  return opened.length
}
