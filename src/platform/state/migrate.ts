import { createHash } from 'node:crypto'
import { DummyDriver, Kysely, type KyselyPlugin, type RootOperationNode } from 'kysely'
import { KanpekiError } from '../../kernel/error.ts'

/**
 * One step of the schema, the same text for SQLite and PostgreSQL (see columns.ts). `name` orders steps and is never
 * reused: four digits, the room, what it adds (`0001-detect-alerts`). A released step is never edited: add another.
 */
export interface Migration {
  readonly name: string
  readonly up: (db: Kysely<never>) => Promise<void>
}

export interface MigrationTables {
  migrations: { name: string; checksum: string; applied: number }
}

const NAME = /^\d{4}-[a-z][a-z0-9-]*$/

/**
 * Applies what is missing, in name order, all of it in one transaction (both databases undo schema changes): an upgrade
 * that fails half-way leaves the store as it was.
 * @throws KanpekiError `state_newer` if the database knows steps that this program does not, `migration_changed` if an
 *   applied step's schema differs from what was applied, `migration_name` for a malformed or repeated name.
 */
export async function migrate(
  db: Kysely<MigrationTables>,
  transaction: (fn: (trx: Kysely<MigrationTables>) => Promise<void>) => Promise<void>,
  steps: readonly Migration[],
  now: () => number,
): Promise<void> {
  const ordered = inOrder(steps)
  await transaction(async (trx) => {
    await trx.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('checksum', 'text', (column) => column.notNull())
      .addColumn('applied', 'bigint', (column) => column.notNull())
      .execute()
  })
  const applied = await appliedSteps(db)
  refuseNewer(applied, ordered)
  const missing: { readonly step: Migration; readonly checksum: string }[] = []
  for (const step of ordered) {
    const checksum = await checksumOf(db, step)
    const before = applied.get(step.name)
    if (before === undefined) missing.push({ step, checksum })
    else refuseChanged(step, before, checksum)
  }
  if (missing.length === 0) return
  await transaction(async (trx) => {
    // Another process may have applied some between the first look and this transaction.
    const meanwhile = await appliedSteps(trx)
    for (const { step, checksum } of missing) {
      if (meanwhile.has(step.name)) continue
      await step.up(trx as unknown as Kysely<never>)
      await trx.insertInto('migrations').values({ name: step.name, checksum, applied: now() }).execute()
    }
  })
}

function inOrder(steps: readonly Migration[]): readonly Migration[] {
  const ordered = [...steps].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  for (const [index, step] of ordered.entries()) {
    if (!NAME.test(step.name))
      throw new KanpekiError('migration_name', `The migration name ${step.name} is not like 0001-room-what.`)
    if (ordered[index + 1]?.name === step.name)
      throw new KanpekiError('migration_name', `Two migrations are called ${step.name}.`)
  }
  return ordered
}

async function appliedSteps(db: Kysely<MigrationTables>): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('migrations').select(['name', 'checksum']).execute()
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

function refuseNewer(applied: ReadonlyMap<string, string>, steps: readonly Migration[]): void {
  const known = new Set(steps.map((step) => step.name))
  const unknown = [...applied.keys()].filter((name) => !known.has(name))
  if (unknown.length === 0) return
  throw new KanpekiError('state_newer', `The state database was written by a newer Kanpeki (it has ${unknown.join(', ')}).`, {
    remedy: 'Start that version or a later one, or restore the backup made before the upgrade.',
  })
}

function refuseChanged(step: Migration, before: string, now: string): void {
  if (before === now) return
  throw new KanpekiError('migration_changed', `The migration ${step.name} is not the one this database was built with.`, {
    remedy: 'Take the edit back and add a new migration instead.',
  })
}

/**
 * Hash of the schema statements a step emits, found by a dry run. Not of its source: the built and the typed file
 * differ. Statements on rows are left out, since they may depend on what the database holds.
 */
async function checksumOf(db: Kysely<MigrationTables>, step: Migration): Promise<string> {
  const hash = createHash('sha256')
  const executor = db.getExecutor()
  const listen: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      if (isSchemaNode(node)) hash.update(`${executor.compileQuery(node, queryId).sql};\n`)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const { adapter } = executor
  const dry = new Kysely<never>({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => new DummyDriver(),
      createIntrospector: () => db.introspection,
      createQueryCompiler: () => ({ compileQuery: (node, queryId) => executor.compileQuery(node, queryId) }),
    },
    plugins: [listen],
  })
  await step.up(dry)
  return hash.digest('hex')
}

function isSchemaNode(node: RootOperationNode): boolean {
  return /^(Create|Alter|Drop|Refresh)/.test(node.kind)
}
