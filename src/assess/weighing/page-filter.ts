import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely'
import type { AssessTables, WeighedStatus, WeighedTable } from '../inventory/tables.ts'
import { foundOn } from './queries.ts'

/** Of one scope, or all of it, as `inventory/queries.ts` has it. */
type Db = Kysely<AssessTables>

/** What a page is asked for; a fact that is absent does not matter. */
export interface Filter {
  readonly status: WeighedStatus
  readonly kind?: WeighedTable['kind'] | undefined
  readonly decision?: WeighedTable['decision'] | undefined
  readonly owner?: string | undefined
  /** Due before this moment. */
  readonly before?: number | undefined
  /** The spellings of one asset. */
  readonly assets?: readonly string[] | undefined
  /** Small letters; each has to be in the texts, the asset's name or the owner's. */
  readonly words: readonly string[]
  readonly fixable: boolean
  /** What nobody looked at may run. */
  readonly mayRun: boolean
  readonly exposed: boolean
  readonly exploited: boolean
}

/** Keys of what was weighed gravest, in order. */
export async function gravest(db: Db, filter: Filter, limit: number): Promise<readonly WeighedKey[]> {
  const all = await matching(db, filter)
  const ordered = all.orderBy('rank', 'desc').orderBy('id').orderBy('asset').limit(limit)
  return await ordered.execute()
}

export async function countOf(db: Db, filter: Filter): Promise<number> {
  const rows = await matching(db, filter)
  const { n } = await db
    .selectFrom(rows.as('rows'))
    .select((e) => e.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return Number(n)
}

export type WeighedKey = Pick<WeighedTable, 'asset' | 'package' | 'id' | 'rank'>

/** A word, and which assets and owners are called by it; undefined: so many assets that each row is looked at. */
interface Word {
  readonly pattern: string
  readonly assets: readonly string[] | undefined
  readonly owners: readonly string[]
}

const MOST_ASSETS = 500

async function readWord(db: Db, word: string): Promise<Word | 'all'> {
  const pattern = `%${word.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  const assets = await db.selectFrom('assess_weighings').select('asset').where(like('folded', pattern)).execute()
  if (assets.length > MOST_ASSETS && assets.length === (await weighingsCount(db))) return 'all'
  const owners = await db.selectFrom('assess_weighed').select('owner').distinct().where('owner', 'is not', null).execute()
  return {
    pattern,
    assets: assets.length > MOST_ASSETS ? undefined : assets.map(({ asset }) => asset),
    owners: owners.map(({ owner }) => owner!).filter((owner) => owner.toLowerCase().includes(word)),
  }
}

async function weighingsCount(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom('assess_weighings')
    .select((e) => e.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return Number(n)
}

function like(column: string, pattern: string): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`
}

/** What holds of a filter. The first word leads to its rows by their keys; the others are asked of each row that it leads to. */
async function matching(db: Db, filter: Filter) {
  const words = (await Promise.all(filter.words.map((word) => readWord(db, word)))).filter((word) => word !== 'all')
  const wide = ({ assets, owners }: Word): number => (assets === undefined ? 2 : assets.length + owners.length > 0 ? 1 : 0)
  const [first, ...others] = words.toSorted((a, b) => wide(a) - wide(b))
  const texts = ({ pattern }: Word) =>
    db.selectFrom('assess_texts').select(['package', 'id']).where(like('text', pattern)).$asTuple('package', 'id')
  const onAssets = (all: ReturnType<typeof keys>, assets: readonly string[]) =>
    all.where((e) => e(e.refTuple('package', 'id', 'asset'), 'in', foundOn(db, assets)))
  const keys = () => db.selectFrom('assess_weighed').select(['asset', 'package', 'id', 'rank'])
  const rows = (driven: boolean) => {
    const { status, kind, decision, owner, before, assets } = filter
    // Behind an expression, the index by status does not draw SQLite away from the keys that a word or an asset's name leads to.
    const state = sql<string>`${sql.ref('status')} || ''`
    let all = keys()
    all = driven || assets !== undefined ? all.where(state, '=', status) : all.where('status', '=', status)
    if (kind !== undefined) all = all.where('kind', '=', kind)
    if (decision !== undefined) all = all.where('decision', '=', decision)
    if (owner !== undefined) all = all.where('owner', '=', owner)
    if (before !== undefined) all = all.where('due', '<', before)
    if (assets !== undefined) all = onAssets(all, assets)
    if (filter.fixable) all = all.where('fixable', '=', 1)
    if (filter.mayRun) all = all.where((e) => e.or([e('in_use', 'is', null), e('in_use', '=', 1)]))
    if (filter.exposed) all = all.where('exposed', '=', 1)
    if (filter.exploited) all = all.where('exploited', '=', 1)
    for (const word of others) all = all.where((e) => e.or(places(e, word)))
    return all
  }
  const places = (e: ExpressionBuilder<AssessTables, 'assess_weighed'>, word: Word) => [
    e(e.refTuple('package', 'id'), 'in', texts(word)),
    ...(word.assets === undefined
      ? [e('asset', 'in', db.selectFrom('assess_weighings').select('asset').where(like('folded', word.pattern)))]
      : word.assets.length === 0
        ? []
        : [e('asset', 'in', word.assets)]),
    ...(word.owners.length === 0 ? [] : [e('owner', 'in', word.owners)]),
  ]
  if (first === undefined) return rows(false)
  if (first.assets === undefined) return rows(false).where((e) => e.or(places(e, first)))
  let all = rows(true).where((e) => e(e.refTuple('package', 'id'), 'in', texts(first)))
  if (first.assets.length > 0) all = all.union(onAssets(rows(true), first.assets))
  if (first.owners.length > 0) all = all.union(rows(true).where('owner', 'in', first.owners))
  return all
}
