import { createHash } from 'node:crypto'
import { type Author, refuseOwnApproval } from '../../kernel/duties.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { flag, jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { EXTENSION_KEY, type Playbook } from './language/form.ts'
import { readPlaybook } from './language/read.ts'
import {
  changePlaybook,
  changeVersion,
  insertPlaybook,
  insertVersion,
  type PlaybooksDb,
  playbookById,
  versionOf,
  versionsOf,
} from './queries.ts'
import type { PlaybooksTable, VersionsTable } from './tables.ts'
import type { Arming } from './triggers.ts'

/** Who does it: a person, a token, or nobody's account where it comes out of a file. */
export type Who = Pick<Caller, 'id' | 'name' | 'account'>

/** @throws KanpekiError `not_valid` with the place of the first problem. */
export function validPlaybook(source: string, actions: ReadonlySet<string>): Playbook {
  const { playbook, problems } = readPlaybook(source, actions)
  if (playbook !== undefined) return playbook
  const [first] = problems
  throw new KanpekiError('not_valid', first?.message ?? 'The playbook cannot be read.', {
    ...(first === undefined
      ? {}
      : { place: { line: first.line, column: first.column, field: first.field }, remedy: first.remedy }),
  })
}

export interface Saved {
  readonly playbook: PlaybooksTable
  /** Undefined where the newest version says the same. */
  readonly version: VersionsTable | undefined
}

/**
 * Keeps a version. A new playbook only makes plans; one that runs for real goes on with the version that was approved until
 * the new one is, too. What comes
 * in a file is off until somebody switches it on, and leaves alone what people changed.
 * @param db a handle of one scope.
 */
export async function saveVersion(
  db: PlaybooksDb,
  scope: string,
  source: string,
  playbook: Playbook,
  by: Who,
  { note, file, now }: { readonly note: string; readonly file: string; readonly now: number },
): Promise<Saved> {
  const digest = createHash('sha256').update(source).digest('hex')
  const known = await playbookById(db, playbook.id)
  const versions = known === undefined ? [] : await versionsOf(db, known.uid)
  const [newest] = versions
  if (known !== undefined && versions.some((one) => one.digest === digest && (file !== '' || one === newest)))
    return { playbook: known, version: undefined }
  // What people wrote here is not overtaken by what comes with an update.
  if (known !== undefined && file !== '' && newest?.file === '') return { playbook: known, version: undefined }
  const uid = known?.uid ?? `${scope}/${playbook.id}`
  const number = (newest?.version ?? 0) + 1
  const version: VersionsTable = {
    uid: `${uid}#${number}`,
    scope,
    playbook_uid: uid,
    version: number,
    digest,
    source,
    file,
    note,
    state: 'waiting',
    author_account: by.account,
    author_name: by.name,
    created: now,
    decided_account: null,
    decided_name: null,
    decided: null,
  }
  await insertVersion(db, version)
  const runs = known === undefined || known.mode === 'plan'
  const row: PlaybooksTable = runs
    ? {
        ...(known ?? { uid, scope, id: playbook.id, enabled: file === '' ? 1 : 0, mode: 'plan', created: now }),
        version: number,
        ...faceOf(playbook),
        updated: now,
      }
    : { ...known, updated: now }
  if (known === undefined) await insertPlaybook(db, row)
  else await changeOf(db, row)
  // What ships is under version control; its digest is told by whoever approves it or switches it on.
  if (file === '')
    await tell(db, scope, 'playbook.propose', by, now, {
      playbook: playbook.id,
      name: playbook.name,
      version: number,
      digest,
      ...(note === '' ? {} : { note }),
    })
  return { playbook: row, version }
}

/** What is kept of the version that runs. */
function faceOf(playbook: Playbook): Pick<PlaybooksTable, 'name' | 'name_ja' | 'armed' | 'arming'> {
  const { ja, triggers, inputs } = playbook[EXTENSION_KEY]
  const external = Object.entries(playbook.playbook_variables).flatMap(([name, one]) => (one.external ? [name] : []))
  const arming: Arming = { triggers, inputs, external }
  return { name: playbook.name, name_ja: ja?.name ?? playbook.name, armed: flag(triggers.length > 0), arming: jsonText(arming) }
}

async function changeOf(db: PlaybooksDb, { uid, scope: _, ...change }: PlaybooksTable): Promise<void> {
  await changePlaybook(db, uid, change)
}

/**
 * Approves or refuses a version. An approved one takes the place of the one that runs.
 * @throws KanpekiError `not_found`, `conflict`, `own_approval`, `forbidden`.
 */
export async function decideVersion(
  db: PlaybooksDb,
  id: string,
  number: number,
  decision: 'approve' | 'refuse',
  note: string,
  by: Who,
  now: number,
): Promise<void> {
  const playbook = await known(db, id)
  const version = await versionOf(db, playbook.uid, number)
  if (version === undefined) throw new KanpekiError('not_found', `There is no version ${number}.`)
  if (version.state !== 'waiting') throw new KanpekiError('conflict', 'It was decided already.')
  refuseOwn({ account: version.author_account, name: version.author_name }, by, 'this version')
  const state = decision === 'approve' ? ('approved' as const) : ('refused' as const)
  await changeVersion(db, version.uid, { state, decided_account: by.account, decided_name: by.name, decided: now })
  const newer = number >= playbook.version
  if (decision === 'approve' && newer) {
    const { playbook: read } = readPlaybook(version.source)
    if (read !== undefined) await changePlaybook(db, playbook.uid, { version: number, ...faceOf(read), updated: now })
  }
  await tell(db, playbook.scope, `playbook.${decision}`, by, now, {
    playbook: id,
    name: playbook.name,
    version: number,
    digest: version.digest,
    author: version.author_name,
    ...(note === '' ? {} : { note }),
  })
}

/**
 * Switches a playbook on and off, and between plans and real runs.
 * @throws KanpekiError `not_found`, `not_approved`.
 */
export async function setPlaybook(
  db: PlaybooksDb,
  id: string,
  change: { readonly enabled?: boolean | undefined; readonly mode?: 'plan' | 'real' | undefined },
  by: Who,
  now: number,
): Promise<void> {
  const playbook = await known(db, id)
  const version = await versionOf(db, playbook.uid, playbook.version)
  if (change.mode === 'real' && version?.state !== 'approved')
    throw new KanpekiError('not_approved', 'Its version was not approved by a second person yet.', {
      remedy: 'Ask somebody who holds the role approver; until then it makes plans.',
    })
  const next = {
    enabled: change.enabled === undefined ? playbook.enabled : flag(change.enabled),
    mode: change.mode ?? playbook.mode,
  }
  if (next.enabled === playbook.enabled && next.mode === playbook.mode) return
  await changePlaybook(db, playbook.uid, { ...next, updated: now })
  await tell(db, playbook.scope, 'playbook.set', by, now, {
    playbook: id,
    name: playbook.name,
    enabled: next.enabled === 1,
    mode: next.mode,
    version: playbook.version,
    digest: version?.digest ?? '',
    before: { enabled: playbook.enabled === 1, mode: playbook.mode },
  })
}

async function known(db: PlaybooksDb, id: string): Promise<PlaybooksTable> {
  const row = await playbookById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', `There is no playbook ${id}.`)
  return row
}

/** @throws KanpekiError `own_approval`, or `forbidden` for a token of nobody's. */
export function refuseOwn(author: Author, by: Who, what: string): void {
  if (by.account === null)
    throw new KanpekiError('forbidden', 'Playbooks are approved by people.', { remedy: 'Sign in to approve it.' })
  refuseOwnApproval(author, by, what)
}

export async function tell(
  db: PlaybooksDb,
  scope: string,
  action: string,
  by: Who,
  now: number,
  more: JsonObject,
): Promise<void> {
  const body: JsonObject = { action, by: { id: by.id, name: by.name }, ...more }
  const evidence: Evidence = { type: 'admin', scope, observed: now, received: now, body }
  await recordEvidence(db, [evidence], { now: () => now })
}
