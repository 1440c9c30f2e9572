import { csvLine } from '../../platform/csv.ts'
import { RawReply, type Route, route } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import type { Ledger } from '../ledger.ts'
import { readEntry } from '../reconcile.ts'
import type { ProveTables } from '../tables.ts'
import { type AuditFilter, actionsIn, findDeeds } from './queries.ts'
import { deedOf } from './read.ts'
import { type AuditItem, type AuditType, auditExportQuerySchema, auditPageSchema, auditQuerySchema } from './schema.ts'

const ENTRIES_A_PART = 500
const COLUMNS = ['index', 'observed', 'logged', 'type', 'action', 'by_id', 'by_name', 'target', 'body']

export interface AuditDeps {
  readonly ledger: Ledger
  readonly state: State
}

/** Who did what, as the ledger has it. */
export function auditRoutes({ ledger, state }: AuditDeps): Route[] {
  const db = () => state.tables<ProveTables>()
  const read = (indexes: readonly number[]): Promise<AuditItem[]> => Promise.all(indexes.map((index) => itemOf(ledger, index)))
  return [
    route({
      method: 'GET',
      path: '/api/v1/audit',
      permission: 'audit:read',
      summary: 'Who did what, newest first',
      query: auditQuerySchema,
      response: auditPageSchema,
      handle: async ({ query, caller }) => {
        const found = await findDeeds(db(), filterOf(caller.scope, query), query.cursor, query.limit + 1)
        const page = found.slice(0, query.limit)
        const next = found.length > query.limit ? page[page.length - 1]! : null
        return { items: await read(page), next, actions: await actionsIn(db(), caller.scope) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/audit/export',
      permission: 'audit:read',
      summary: 'Who did what, as CSV, newest first',
      query: auditExportQuerySchema,
      handle: async ({ query, caller, signal }) => {
        const filter = filterOf(caller.scope, query)
        async function* lines(): AsyncGenerator<string> {
          yield csvLine(COLUMNS)
          for (let before: number | undefined; !signal.aborted; ) {
            const found = await findDeeds(db(), filter, before, ENTRIES_A_PART)
            if (found.length === 0) return
            yield (await read(found)).map(lineOf).join('')
            before = found[found.length - 1]!
          }
        }
        return new RawReply('text/csv; charset=utf-8', lines(), {
          'cache-control': 'no-store',
          'content-disposition': 'attachment; filename="audit.csv"',
        })
      },
    }),
  ]
}

interface Asked {
  readonly type?: AuditType | undefined
  readonly person?: string | undefined
  readonly action?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

function filterOf(scope: string, { type, person, action, from, to }: Asked): AuditFilter {
  const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))
  return { scope, type, person, action, from: time(from), to: time(to) }
}

async function itemOf(ledger: Ledger, index: number): Promise<AuditItem> {
  const entry = await readEntry(ledger, index)
  const { observed, logged, body } = entry
  return { index, ...deedOf(entry)!, observed, logged, body }
}

function lineOf({ index, observed, logged, type, action, by, target, body }: AuditItem): string {
  return csvLine([index, observed, logged, type, action, by?.id ?? '', by?.name ?? '', target, JSON.stringify(body)])
}
