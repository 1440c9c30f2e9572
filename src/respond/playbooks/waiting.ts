import type { WaitingApproval } from '../../kernel/duties.ts'
import { type PlaybooksDb, stepsWaiting, waitingVersions } from './queries.ts'

/** Versions of playbooks and steps of runs that wait for a second person. */
export async function waitingPlaybooks(db: PlaybooksDb): Promise<readonly WaitingApproval[]> {
  const accepts: WaitingApproval['accepts'] = (person) => person.permissions.has('playbooks:approve')
  const versions = (await waitingVersions(db)).map((row) => ({
    kind: 'playbook',
    id: row.id,
    version: String(row.version),
    title: { en: row.name, ja: row.name_ja },
    author: { account: row.author_account, name: row.author_name },
    since: row.created,
    needed: 1,
    accepts,
  }))
  const steps = (await stepsWaiting(db, ['approval'])).map((row) => ({
    kind: 'run',
    id: row.run_id,
    version: row.key,
    title: { en: `${row.playbook_name}: ${row.name}`, ja: `${row.playbook_name_ja ?? row.playbook_name}：${row.name_ja}` },
    author: { account: row.by_account, name: row.by_name },
    since: row.created,
    needed: 1,
    accepts,
  }))
  return [...versions, ...steps]
}
