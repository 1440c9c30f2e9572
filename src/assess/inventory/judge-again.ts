import type { Clock } from '../../kernel/clock.ts'
import { readJson } from '../../platform/state/columns.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { Feeds } from '../feeds/load.ts'
import { changedPackages } from '../osv/advisories.ts'
import type { InForce } from '../prioritise/policy-file.ts'
import { assess, type Verdicts } from '../scan/findings.ts'
import { scalesOf } from '../weighing/scales.ts'
import { weighPlaces } from '../weighing/weigh-places.ts'
import { writeWork } from '../work/queries.ts'
import { openTasks } from '../work/tasks.ts'
import { type ChangedVerdicts, changedVerdicts } from './changed-verdicts.ts'
import { changedCves, packagesOf, placesNaming } from './cves.ts'
import { judgeInventory, packageOf } from './judge.ts'
import { judgeAlike } from './judge-alike.ts'
import type { Lone } from './lone.ts'
import {
  type AskedComponent,
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
import type { AssessTables, FindingsTable, InventoriesTable } from './tables.ts'
import { twinsOf } from './twins.ts'
import { weighFacts } from './weigh-facts.ts'

/** More packages than this concern nearly everything. */
const MOST_PACKAGES = 5000
/** Where KEV, EPSS or CVEs say something else of what more packages than this have, as each day's EPSS does, hardly anything is left. */
const MOST_PLACES = 500
/** A package may be on every asset: so many at once are held in memory. */
const PACKAGES_AT_ONCE = 50
/** One transaction judges so many inventories: whoever else writes waits no longer. */
const INVENTORIES_AT_ONCE = 2500
/** The same where they are judged all at once, which takes a fraction of the time. */
const LONE_AT_ONCE = 10_000

export interface Again {
  readonly state: State
  readonly feeds: Feeds
  readonly clock: Clock
  readonly rules: InForce
  /** The feeds that all was judged by before: only what they said otherwise is judged then. */
  readonly since?: Feeds | undefined
  /** So many that are alike are judged at once at least. */
  readonly leastAlike?: number
}

/**
 * Judges inventories again: feeds changed. Where it is known what was said before, only components of which it is not
 * the same now are judged, found by what advisories call them, and the weaknesses of these packages are weighed with them.
 * @returns how many findings are new, and how many of these were judged together with others.
 */
export async function judgeAgain(again: Again): Promise<{ readonly found: number; readonly alike: number }> {
  const { state, feeds, since } = again
  const db = state.tables<AssessTables>() as Db
  // Whether an ecosystem can be judged at all may concern any of them.
  if (since === undefined || !sameNames(since, feeds))
    return { found: await judgeWhole(again, await allInventories(db)), alike: 0 }
  const cves = since.facts === feeds.facts ? new Set<string>() : changedCves(since, feeds)
  const names = [...changedPackages(since.advisories, feeds.advisories).union(packagesOf(cves, [since, feeds]))]
  const places = cves.size === 0 ? 0 : (await placesNaming(db, cves)).length
  if (names.length > MOST_PACKAGES || places > MOST_PLACES)
    return { found: await judgeWhole(again, await allInventories(db)), alike: 0 }
  if (names.length === 0 && since.facts === feeds.facts) return { found: 0, alike: 0 }
  // Lists that were being taken in by the feeds of before are in by then.
  await state.transaction(async () => undefined)
  // Read before the components: where a list came in between, its mark is another one by then.
  const marks = new Map((await inventoryMarks(db)).map((mark) => [keyOf(mark), mark]))
  const old = [...marks.values()].filter(({ twins }) => twins === null)
  let found = old.length === 0 ? 0 : await judgeWhole(again, await onlyThese(db, old))
  let alike = 0
  const another = changedVerdicts(since, feeds)
  for (let at = 0; at < names.length; at += PACKAGES_AT_ONCE) {
    const rows = await componentsAsked(db, names.slice(at, at + PACKAGES_AT_ONCE))
    for (const some of Map.groupBy(touchedIn(rows, another, marks), ({ mark }) => mark.scope).values()) {
      const { lone, others } = apart(some, another)
      const parts = [...others]
      for (let first = 0; first < lone.length; first += LONE_AT_ONCE) {
        const judged = await judgeAlike(again, lone.slice(first, first + LONE_AT_ONCE))
        alike += judged.found
        for (const { mark, component } of judged.left) parts.push({ mark, components: [component] })
      }
      const left = [...Map.groupBy(parts, ({ mark }) => mark)].map(
        ([mark, some]): Touched => ({ mark, components: some.flatMap(({ components }) => components) }),
      )
      for (let first = 0; first < left.length; first += INVENTORIES_AT_ONCE)
        found += await judgeTouched(again, another, left.slice(first, first + INVENTORIES_AT_ONCE))
    }
  }
  if (since.facts !== feeds.facts) await weighFacts({ ...again, since }, cves)
  return { found: found + alike, alike }
}

/** An inventory and the components of its packages that are worth something else now. */
interface Touched {
  readonly mark: InventoryMark
  readonly components: readonly AskedComponent[]
}

/** Inventories with those of these components of whose package something else is said now. */
function touchedIn(
  rows: readonly AskedComponent[],
  another: ChangedVerdicts,
  marks: ReadonlyMap<string, InventoryMark>,
): readonly Touched[] {
  return [...Map.groupBy(rows, keyOf)].flatMap(([key, all]): Touched[] => {
    const mark = marks.get(key)
    if (mark === undefined || mark.twins === null) return []
    const [only] = all
    if (all.length === 1) return another.of(only!).differs ? [{ mark, components: all }] : []
    const packages = new Set(all.map(another.of).flatMap((change) => (change.differs ? [change.package] : [])))
    // Another version of the same package goes along: of what both have, the graver is kept.
    const components = all.filter((one) => packages.has(another.of(one).package))
    return components.length === 0 ? [] : [{ mark, components }]
  })
}

/** Sets apart the components that can be judged all at once: the only one of a package on an asset, with nothing but new findings. */
function apart(
  some: readonly Touched[],
  another: ChangedVerdicts,
): { readonly lone: readonly Lone[]; readonly others: readonly Touched[] } {
  /** How many of each package an asset has, all its lists together. */
  const counts = new Map<string, Map<string, number>>()
  for (const {
    mark: { asset },
    components,
  } of some) {
    const folded = asset.toLowerCase()
    const own = counts.get(folded) ?? new Map<string, number>()
    for (const component of components) {
      const { package: place } = another.of(component)
      own.set(place, (own.get(place) ?? 0) + 1)
    }
    counts.set(folded, own)
  }
  const lone: Lone[] = []
  const others: Touched[] = []
  for (const { mark, components } of some) {
    const twins = mark.twins === '[]' ? [] : readJson<string[]>(mark.twins!)
    const own = counts.get(mark.asset.toLowerCase())!
    const left: AskedComponent[] = []
    for (const component of components) {
      const change = another.of(component)
      const single = own.get(change.package) === 1 && !twins.includes(change.package)
      if (single && change.added !== undefined) lone.push({ mark, component, change })
      else left.push(component)
    }
    if (left.length > 0) others.push({ mark, components: left })
  }
  return { lone, others }
}

interface Look {
  readonly inventory: InventoriesTable
  readonly components: readonly AskedComponent[]
}

/** @param some of one scope. */
async function judgeTouched({ state, feeds, clock, rules, since }: Again, another: ChangedVerdicts, some: readonly Touched[]) {
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
    const scales = await scalesOf(db, feeds, rules, now, since)
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
