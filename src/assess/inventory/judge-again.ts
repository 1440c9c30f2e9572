import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../kernel/clock.ts'
import { readJson } from '../../platform/state/columns.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { Feeds } from '../feeds/load.ts'
import { changedPackages } from '../osv/advisories.ts'
import type { InForce } from '../prioritise/policy-file.ts'
import { assess, type Installed, type Verdicts, verdictOf } from '../scan/findings.ts'
import { scalesOf } from '../weighing/scales.ts'
import { weighPlaces } from '../weighing/weigh-places.ts'
import { writeWork } from '../work/queries.ts'
import { openTasks } from '../work/tasks.ts'
import { judgeInventory, packageOf } from './judge.ts'
import {
  allInventories,
  componentsAsked,
  componentsOf,
  type Db,
  findingsAtPlaces,
  findingsOf,
  type InventoryKey,
  type InventoryMark,
  inventoriesOn,
  inventoryMarks,
  noteJudged,
  saveFindings,
  writeFindings,
} from './queries.ts'
import type { AssessTables, ComponentsTable, FindingsTable, InventoriesTable } from './tables.ts'
import { twinsOf } from './twins.ts'

/** More packages than this concern nearly everything. */
const MOST_PACKAGES = 5000
/** A package may be on every asset: so many at once are held in memory. */
const PACKAGES_AT_ONCE = 50
/** One transaction judges so many inventories: whoever else writes waits no longer. */
const INVENTORIES_AT_ONCE = 2500

export interface Again {
  readonly state: State
  readonly feeds: Feeds
  readonly clock: Clock
  readonly rules: InForce
  /** The feeds that all was judged by before: only what they said otherwise is judged then. */
  readonly since?: Feeds | undefined
}

/**
 * Judges inventories again: advisories changed. Where it is known what was said before, only components of which it is not
 * the same now are judged, found by what advisories call them, and the weaknesses of these packages are weighed with them.
 * @returns how many findings are new.
 */
export async function judgeAgain(again: Again): Promise<number> {
  const { state, feeds, since } = again
  const db = state.tables<AssessTables>() as Db
  // What KEV, EPSS or a CVE says, or whether an ecosystem can be judged at all, may concern any of them.
  if (since === undefined || since.facts !== feeds.facts || !sameNames(since, feeds))
    return await judgeWhole(again, await allInventories(db))
  const names = [...changedPackages(since.advisories, feeds.advisories)]
  if (names.length > MOST_PACKAGES) return await judgeWhole(again, await allInventories(db))
  if (names.length === 0) return 0
  // Lists that were being taken in by the feeds of before are in by then.
  await state.transaction(async () => undefined)
  // Read before the components: where a list came in between, its mark is another one by then.
  const marks = new Map((await inventoryMarks(db)).map((mark) => [keyOf(mark), mark]))
  const old = [...marks.values()].filter(({ twins }) => twins === null)
  let found = old.length === 0 ? 0 : await judgeWhole(again, await onlyThese(db, old))
  const another = changedVerdicts(since, feeds)
  for (let at = 0; at < names.length; at += PACKAGES_AT_ONCE) {
    const rows = await componentsAsked(db, names.slice(at, at + PACKAGES_AT_ONCE))
    const packages = new Set(rows.filter(another.differs).map(packageIn))
    // Another version of the same package goes along: of what both have, the graver is kept.
    const touched = Map.groupBy(
      rows.filter((row) => packages.has(packageIn(row))),
      keyOf,
    )
    const known = [...touched].flatMap(([key, components]): Touched[] => {
      const mark = marks.get(key)
      return mark === undefined || mark.twins === null ? [] : [{ mark, components }]
    })
    for (const some of Map.groupBy(known, ({ mark }) => mark.scope).values())
      for (let first = 0; first < some.length; first += INVENTORIES_AT_ONCE)
        found += await judgeTouched(again, another, some.slice(first, first + INVENTORIES_AT_ONCE))
  }
  return found
}

/** An inventory and the components of its packages that are worth something else now. */
interface Touched {
  readonly mark: InventoryMark
  readonly components: readonly ComponentsTable[]
}

interface ChangedVerdicts {
  readonly differs: (one: Installed) => boolean
  readonly unjudgedBefore: (one: Installed) => boolean
  readonly now: Verdicts
}

function changedVerdicts(before: Feeds, after: Feeds): ChangedVerdicts {
  const [old, now]: [Verdicts, Verdicts] = [new Map(), new Map()]
  const told = new Map<unknown, boolean>()
  return {
    now,
    differs: (one) => {
      const verdict = verdictOf(one, after, now)
      const was = verdictOf(one, before, old)
      if (typeof verdict === 'string') return verdict !== was
      // Verdicts are kept: of one package and version it is compared once.
      const kept = told.get(verdict)
      if (kept !== undefined) return kept
      const differs = !isDeepStrictEqual(was, verdict)
      told.set(verdict, differs)
      return differs
    },
    unjudgedBefore: (one) => {
      const was = verdictOf(one, before, old)
      return typeof was === 'string' || was.open
    },
  }
}

interface Look {
  readonly inventory: InventoriesTable
  readonly components: readonly ComponentsTable[]
}

/** @param some of one scope. */
async function judgeTouched({ state, feeds, clock, rules }: Again, another: ChangedVerdicts, some: readonly Touched[]) {
  const { scope } = some[0]!.mark
  return await state.transaction<AssessTables, number>(async (trx) => {
    const db = scopedTo(trx, scope)
    const now = clock.now()
    const assets = [...new Set(some.map(({ mark }) => mark.asset))]
    const inventories = new Map((await inventoriesOn(db, assets)).map((row) => [keyOf(row), row]))
    const looks: Look[] = []
    for (const { mark, components } of some) {
      const inventory = inventories.get(keyOf(mark))
      if (inventory === undefined) continue
      const packages = new Set(components.map(packageOf))
      const replaced = inventory.outbox !== mark.outbox
      const alone = !replaced && readJson<string[]>(mark.twins!).every((name) => !packages.has(name))
      const all = alone ? components.toSorted((a, b) => a.number - b.number) : await componentsOf(trx, inventory)
      looks.push({ inventory, components: replaced || alone ? all : all.filter((one) => packages.has(packageOf(one))) })
    }
    const places = looks.flatMap(({ inventory: { asset }, components }) =>
      components.map((one) => ({ asset, package: packageOf(one) })),
    )
    const known = Map.groupBy(await findingsAtPlaces(db, places), keyOf)
    const changed: FindingsTable[] = []
    const fresh: FindingsTable[] = []
    let found = 0
    for (const { inventory, components } of looks) {
      const used = inventory.in_use === null ? undefined : new Set(readJson<string[]>(inventory.in_use))
      const packages = new Set(components.map(packageOf))
      const before = (known.get(keyOf(inventory)) ?? []).filter((row) => packages.has(row.package))
      const judged = judgeInventory({ key: inventory, components, inUse: used, proof: null }, before, feeds, now, another.now)
      const old = new Map(before.map((row) => [placeOf(row), row]))
      for (const row of judged.rows) if (!sameFinding(old.get(placeOf(row)), row)) changed.push(row)
      for (const row of [...judged.found, ...judged.regressed]) fresh.push(row)
      found += judged.found.length
      if (judged.unjudged !== components.filter(another.unjudgedBefore).length) {
        const { unjudged } = assess(await componentsOf(trx, inventory), feeds, another.now)
        await noteJudged(trx, inventory, { unjudged: unjudged.length, judged_at: now })
      }
    }
    if (changed.length === 0) return 0
    await writeFindings(trx, changed)
    const scales = await scalesOf(db, feeds, rules, now)
    await openTasks(db, scope, fresh, rules.policy, feeds, now, (_db, work) => writeWork(trx, work))
    await weighPlaces(trx, scope, changed, scales)
    return found
  })
}

/** Judges all of each, one transaction each. */
async function judgeWhole({ state, feeds, clock, rules }: Again, inventories: readonly InventoriesTable[]): Promise<number> {
  let found = 0
  const verdicts: Verdicts = new Map()
  for (const inventory of inventories) {
    found += await state.transaction<AssessTables, number>(async (trx) => {
      const now = clock.now()
      const used = inventory.in_use === null ? undefined : new Set(readJson<string[]>(inventory.in_use))
      const components = await componentsOf(trx, inventory)
      const look = { key: inventory, components, inUse: used, proof: null }
      const judged = judgeInventory(look, await findingsOf(trx, inventory), feeds, now, verdicts)
      await saveFindings(trx, judged.rows)
      const twins = components.some(({ asked }) => asked === null) ? {} : { twins: twinsOf(components) }
      await noteJudged(trx, inventory, { unjudged: judged.unjudged, judged_at: now, ...twins })
      const { scope } = inventory
      await openTasks(scopedTo(trx, scope), scope, [...judged.found, ...judged.regressed], rules.policy, feeds, now)
      return judged.found.length
    })
  }
  return found
}

async function onlyThese(db: Db, keys: readonly InventoryKey[]): Promise<readonly InventoriesTable[]> {
  const wanted = new Set(keys.map(keyOf))
  return (await allInventories(db)).filter((row) => wanted.has(keyOf(row)))
}

function sameNames(before: Feeds, after: Feeds): boolean {
  const [old, now] = [new Set(before.advisories.ecosystems.keys()), new Set(after.advisories.ecosystems.keys())]
  return old.symmetricDifference(now).size === 0
}

function keyOf({ scope, asset, source }: InventoryKey): string {
  return `${scope}\n${asset}\n${source}`
}

function packageIn(row: ComponentsTable): string {
  return `${keyOf(row)}\n${packageOf(row)}`
}

function placeOf({ id, package: place }: FindingsTable): string {
  return `${id}\n${place}`
}

/** Whether a row says what is written already; when it was seen last is written where anything else is. */
function sameFinding(old: FindingsTable | undefined, row: FindingsTable): boolean {
  return (
    old !== undefined &&
    (Object.keys(row) as (keyof FindingsTable)[]).every((name) => name === 'last_seen' || row[name] === old[name])
  )
}
