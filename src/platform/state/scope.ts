import type { Kysely, KyselyPlugin } from 'kysely'
import { KanpekiError } from '../../kernel/error.ts'
import { ScopeTransformer } from './scope-transformer.ts'

/**
 * The same handle (store or transaction) limited to one scope: each table read, joined, updated or deleted from gets
 * `scope = ?`, each inserted row gets the scope, and an upsert touches a row of another scope as little as it sees it.
 * What cannot be limited surely is refused with the code `scope_unsafe`: raw SQL that reads tables, `merge`,
 * `insert … select`, `replace`, schema changes, right and full joins.
 */
export function scopedTo<T>(db: Kysely<T>, scope: string): Kysely<T> {
  if (scope === '') throw new KanpekiError('scope_missing', 'A query was asked for without a scope.')
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => new ScopeTransformer(scope).transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  }
  return db.withPlugin(plugin)
}
