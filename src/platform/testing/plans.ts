import { CompiledQuery, type Kysely, type KyselyPlugin, type RootOperationNode, SelectQueryNode } from 'kysely'

/** How SQLite answers one statement: a line for each table that it reads. */
export interface Plan {
  readonly sql: string
  readonly steps: readonly string[]
}

/**
 * How SQLite answers each SELECT that `work` asks, by its own plan (EXPLAIN QUERY PLAN): what is slow with many rows shows
 * with few, or none.
 */
export async function plansOf<T>(db: Kysely<T>, work: (db: Kysely<T>) => Promise<unknown>): Promise<Plan[]> {
  const asked: RootOperationNode[] = []
  const recorder: KyselyPlugin = {
    transformQuery: ({ node }) => {
      asked.push(node)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  await work(db.withPlugin(recorder))
  const bare = db.withoutPlugins()
  const plans: Plan[] = []
  for (const node of asked.filter((one) => SelectQueryNode.is(one))) {
    const { sql, parameters } = bare.getExecutor().compileQuery(node, { queryId: 'plan' })
    const { rows } = await bare.executeQuery<{ readonly detail: string }>(
      CompiledQuery.raw(`EXPLAIN QUERY PLAN ${sql}`, [...parameters]),
    )
    plans.push({ sql, steps: rows.map(({ detail }) => detail).filter((step) => /^(SEARCH|SCAN) /.test(step)) })
  }
  return plans
}
