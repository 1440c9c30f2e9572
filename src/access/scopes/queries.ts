import { readJson } from '../../platform/state/columns.ts'
import type { Db } from '../queries.ts'
import type { ScopesTable } from '../tables.ts'
import type { Selector } from './selector.ts'

export async function listScopes(db: Db): Promise<ScopesTable[]> {
  return await db.selectFrom('access_scopes').selectAll().orderBy('scope').execute()
}

export async function findScope(db: Db, scope: string): Promise<ScopesTable | undefined> {
  return await db.selectFrom('access_scopes').selectAll().where('scope', '=', scope).executeTakeFirst()
}

export async function insertScope(db: Db, row: ScopesTable): Promise<void> {
  await db.insertInto('access_scopes').values(row).execute()
}

export async function updateScope(db: Db, scope: string, change: Partial<Pick<ScopesTable, 'title' | 'labels'>>): Promise<void> {
  await db.updateTable('access_scopes').set(change).where('scope', '=', scope).execute()
}

export async function selectors(db: Db): Promise<Selector[]> {
  const rows = await listScopes(db)
  return rows.map(({ scope, labels }) => ({ scope, labels: readJson(labels) }))
}

export interface ScopeFigures {
  readonly assets: number
  readonly people: number
  readonly tokens: number
}

/** How much each scope holds. */
export async function scopeFigures(db: Db): Promise<ReadonlyMap<string, ScopeFigures>> {
  const [assets, people, tokens] = await Promise.all([
    db
      .selectFrom('assets')
      .select((e) => ['scope', e.fn.countAll<number>().as('n')])
      .groupBy('scope')
      .execute(),
    db
      .selectFrom('access_assignments as r')
      .innerJoin('access_accounts as a', 'a.id', 'r.account_id')
      .select((e) => ['r.scope', e.fn.count<number>('r.account_id').distinct().as('n')])
      .where('a.active', '=', 1)
      .groupBy('r.scope')
      .execute(),
    db
      .selectFrom('access_tokens')
      .select((e) => ['scope', e.fn.countAll<number>().as('n')])
      .groupBy('scope')
      .execute(),
  ])
  const figures = new Map<string, { assets: number; people: number; tokens: number }>()
  const put = (name: keyof ScopeFigures, rows: readonly { readonly scope: string; readonly n: number }[]): void => {
    for (const { scope, n } of rows) {
      const one = figures.get(scope) ?? { assets: 0, people: 0, tokens: 0 }
      one[name] = Number(n)
      figures.set(scope, one)
    }
  }
  put('assets', assets)
  put('people', people)
  put('tokens', tokens)
  return figures
}
