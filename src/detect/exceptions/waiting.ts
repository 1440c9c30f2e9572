import type { Kysely } from 'kysely'
import type { WaitingApproval } from '../../kernel/duties.ts'
import type { DetectTables } from '../tables.ts'
import { allExceptions } from './queries.ts'

/** Exceptions that wait for a second person. */
export async function waitingExceptions(db: Kysely<DetectTables>): Promise<readonly WaitingApproval[]> {
  return (await allExceptions(db))
    .filter((row) => row.state === 'waiting')
    .map((row) => ({
      kind: 'exception',
      id: row.id,
      version: '',
      title: { en: row.rule_title, ja: row.rule_title_ja },
      author: { account: row.author_account, name: row.author_name },
      since: row.created,
      needed: 1,
      accepts: (person) => person.permissions.has('alerts:approve'),
    }))
}
