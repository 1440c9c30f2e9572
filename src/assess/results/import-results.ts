import { createHash } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { flag, jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { Feeds } from '../feeds/load.ts'
import { type Db, findingsOf, forgetFindings, inventoryOf, saveFindings, saveScan } from '../inventory/queries.ts'
import { type Reconciled, reconcile, type SeenFinding } from '../inventory/reconcile.ts'
import type { AssessTables, FindingsTable } from '../inventory/tables.ts'
import { changesOf, provedAt } from '../inventory/take-in.ts'
import type { FindingKind, Policy } from '../prioritise/policy.ts'
import { moveWork } from '../work/queries.ts'
import { openTasks } from '../work/tasks.ts'
import type { ReadResults, ScanResult } from './result.ts'

export interface Imported {
  readonly scope: string
  /** The asset that was scanned, where the report does not say. */
  readonly asset: string | null
  readonly source: string
  readonly read: Pick<ReadResults, 'format' | 'kinds' | 'assets' | 'results' | 'left'>
  /** It did not look at everything: it opens, and closes nothing. */
  readonly partial: boolean
  readonly by: { readonly name: string; readonly account: string | null }
}

export interface ImportedAsset extends Reconciled {
  readonly asset: string
}

/**
 * Takes the results of another scanner in the place of its last ones on the same assets: all of it, or nothing. What it no
 * longer reports of the kinds that it looked for is gone; what it never looked for stays.
 * @throws KanpekiError `invalid_input` where nobody says which asset it is of.
 */
export async function importResults(
  state: State,
  { scope, asset, source, read, partial, by }: Imported,
  feeds: Feeds,
  clock: Clock,
  policy: Policy,
): Promise<readonly ImportedAsset[]> {
  const now = clock.now()
  const byAsset = Map.groupBy(read.results, (one) => asset ?? one.asset ?? '')
  if (byAsset.has('') || (asset === null && read.assets.length === 0))
    throw new KanpekiError('invalid_input', 'The report does not say which asset it is of.', { remedy: 'Name it with asset.' })
  const assets = [...new Set([...(asset === null ? read.assets : [asset]), ...byAsset.keys()])]
  const kinds = new Set<FindingKind>(read.kinds)
  return await state.transaction<AssessTables, readonly ImportedAsset[]>(async (trx) => {
    const done: ImportedAsset[] = []
    for (const name of assets) {
      const key = { scope, asset: name, source }
      if ((await inventoryOf(trx, key)) !== undefined)
        throw new KanpekiError('conflict', `${source} is a list of what is installed on ${name}.`, {
          remedy: 'Give the report another source.',
        })
      const results = byAsset.get(name) ?? []
      const sha256 = createHash('sha256')
        .update(canonicalJson(results.map(fingerprint)))
        .digest('hex')
      const seen = results.map((one) => rowOf(key, one, feeds))
      const known = await carried(trx, await findingsOf(trx, key), seen)
      const changes = reconcile(seen, known, (row) => (partial || !kinds.has(row.kind) ? undefined : sha256), now)
      const body = {
        action: 'scan.take',
        by: by.name,
        account: by.account,
        target: name,
        source,
        format: read.format,
        sha256,
        findings: results.length,
        partial,
        left: read.left,
        ...changesOf(changes),
      }
      const outbox = await recordEvidence(trx, [{ type: 'admin', scope, observed: now, received: now, body }], clock)
      await saveFindings(trx, provedAt(changes, outbox))
      await saveScan(trx, {
        ...key,
        kinds: jsonText([...kinds].sort()),
        format: read.format,
        sha256,
        findings: results.length,
        partial: flag(partial),
        received: now,
        by_name: by.name,
        outbox,
      })
      await openTasks(scopedTo(trx, scope), scope, [...changes.found, ...changes.regressed], policy, feeds, now)
      done.push({ asset: name, ...changes })
    }
    return done
  })
}

/**
 * A line above another moves what stands below: the same rule in the same file is the same finding on its new line, in
 * order. What moved keeps its first sight and its work; its old place is forgotten.
 */
async function carried(db: Db, known: readonly FindingsTable[], seen: readonly SeenFinding[]): Promise<readonly FindingsTable[]> {
  const here = new Set(seen.map(placeOf))
  const there = new Set(known.map(placeOf))
  const lost = Map.groupBy(
    known.filter((row) => row.gone_at === null && MOVES.has(row.kind) && !here.has(placeOf(row))),
    fileOf,
  )
  const moved: { readonly from: FindingsTable; readonly to: string }[] = []
  const fresh = seen.filter((row) => MOVES.has(row.kind) && !there.has(placeOf(row)))
  for (const row of fresh.toSorted((a, b) => lineOf(a) - lineOf(b))) {
    const from = lost
      .get(fileOf(row))
      ?.sort((a, b) => lineOf(a) - lineOf(b))
      .shift()
    if (from !== undefined) moved.push({ from, to: row.package })
  }
  if (moved.length === 0) return known
  const gone = new Map(moved.map(({ from, to }) => [from, to]))
  await forgetFindings(db, [...gone.keys()])
  for (const { from, to } of moved) await moveWork(db, from, to)
  return known.map((row) => ({ ...row, package: gone.get(row) ?? row.package }))
}

const MOVES: ReadonlySet<FindingKind> = new Set(['code', 'secret', 'config'])

function placeOf({ id, package: name }: Pick<FindingsTable, 'id' | 'package'>): string {
  return `${id}\u0000${name}`
}

function fileOf({ id, package: name }: Pick<FindingsTable, 'id' | 'package'>): string {
  return `${id}\u0000${name.replace(/:\d+$/, '')}`
}

function lineOf({ package: name }: Pick<FindingsTable, 'package'>): number {
  return Number(/:(\d+)$/.exec(name)?.[1] ?? 0)
}

function fingerprint({ kind, id, cause, version, severity, score }: ScanResult) {
  return [kind, id, cause, version, severity, score]
}

function rowOf(key: { scope: string; asset: string; source: string }, one: ScanResult, { kev, epss }: Feeds): SeenFinding {
  const cves = [one.id, ...one.aliases].filter((name) => name.startsWith('CVE-'))
  const scores = cves.map((cve) => epss?.byCve.get(cve)?.score).filter((score) => score !== undefined)
  return {
    ...key,
    id: one.id,
    package: one.cause,
    name: one.name,
    version: one.version,
    purl: one.purl,
    ids: jsonText([one.id]),
    aliases: jsonText(one.aliases.filter((name) => name !== one.id)),
    fixed: jsonText(one.fixed),
    summary: one.summary,
    severity: one.severity,
    score: one.score,
    vector: one.vector,
    exploited: cves.map((cve) => kev?.byCve.get(cve)?.added).find((added) => added !== undefined) ?? null,
    epss: scores.length === 0 ? null : Math.max(...scores),
    kind: one.kind,
    place: one.place,
    in_use: null,
    guessed: 0,
  }
}
