import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompiledQuery, type Kysely, type KyselyPlugin, type RootOperationNode, SelectQueryNode } from 'kysely'
import { systemClock } from '../../kernel/clock.ts'
import type { Migration } from '../state/migrate.ts'
import { openState } from '../state/state.ts'

/** How SQLite answers one statement: a line for each table that it reads. */
export interface Plan {
  readonly sql: string
  readonly steps: readonly string[]
}

/**
 * How SQLite answers each SELECT that `work` asks of an empty store, in the scope `default` or in all, by its own plan (EXPLAIN QUERY
 * PLAN): what is slow with many rows shows with none. Plans do not depend on what is stored: statistics are never gathered,
 * since a table that was small when they were would be read whole once it has grown.
 */
export async function plansOf<T>(
  migrations: readonly Migration[],
  work: (db: Kysely<T>, everywhere: Kysely<T>) => Promise<unknown>,
): Promise<readonly Plan[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-plans-'))
  const state = await openState({ path: join(folder, 'state.db') }, migrations, systemClock)
  try {
    const asked: RootOperationNode[] = []
    const recorder: KyselyPlugin = {
      transformQuery: ({ node }) => {
        asked.push(node)
        return node
      },
      transformResult: async ({ result }) => result,
    }
    const everywhere = state.tables<T>()
    await work(state.scoped<T>('default').withPlugin(recorder), everywhere.withPlugin(recorder))
    const bare = everywhere.withoutPlugins()
    const plans: Plan[] = []
    for (const node of asked.filter((one) => SelectQueryNode.is(one))) {
      const { sql, parameters } = bare.getExecutor().compileQuery(node, { queryId: 'plan' })
      const { rows } = await bare.executeQuery<{ readonly detail: string }>(
        CompiledQuery.raw(`EXPLAIN QUERY PLAN ${sql}`, [...parameters]),
      )
      plans.push({ sql, steps: rows.map(({ detail }) => detail).filter((step) => /^(SEARCH|SCAN) /.test(step)) })
    }
    return plans
  } finally {
    await state.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
