import { KanpekiError } from '../../kernel/error.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import {
  dropDeed,
  followUpAgainDeed,
  followUpDeed,
  followUpDoneDeed,
  messageDeed,
  postMortemDeed,
  saidDeed,
  sendDeed,
  verifiedDeed,
} from './deed-after.ts'
import type { DeedContext } from './deed-context.ts'
import {
  acknowledgeDeed,
  changeDeed,
  closeDeed,
  containedDeed,
  handOverDeed,
  linkDeed,
  mergeDeed,
  phaseDeed,
  reopenDeed,
  roleDeed,
} from './deed-flow.ts'
import {
  alertsDeed,
  artefactDeed,
  changeTaskDeed,
  commentDeed,
  entityDeed,
  taskAgainDeed,
  taskDeed,
  taskDoneDeed,
} from './deed-work.ts'
import type { AlertSnapshot, IncidentDeps } from './deps.ts'
import { type Actor, enter } from './enter.ts'
import { incidentById } from './queries.ts'
import type { Deed, DeedKind } from './schema.ts'
import type { IncidentsTable, IncidentTables } from './tables.ts'

type Handlers = { readonly [K in DeedKind]: (context: DeedContext, asked: Extract<Deed, { do: K }>) => Promise<IncidentsTable> }

const HANDLERS: Handlers = {
  change: changeDeed,
  acknowledge: acknowledgeDeed,
  phase: phaseDeed,
  contained: containedDeed,
  close: closeDeed,
  reopen: reopenDeed,
  comment: commentDeed,
  task: taskDeed,
  'task-change': changeTaskDeed,
  'task-done': taskDoneDeed,
  'task-again': taskAgainDeed,
  role: roleDeed,
  'hand-over': handOverDeed,
  alerts: alertsDeed,
  entity: entityDeed,
  link: linkDeed,
  merge: mergeDeed,
  artefact: artefactDeed,
  message: messageDeed,
  'message-send': sendDeed,
  'message-said': saidDeed,
  'message-drop': dropDeed,
  'post-mortem': postMortemDeed,
  'follow-up': followUpDeed,
  'follow-up-done': followUpDoneDeed,
  'follow-up-verified': verifiedDeed,
  'follow-up-again': followUpAgainDeed,
}

/** What remains to be done once an incident is closed. */
const AFTERWARDS: ReadonlySet<DeedKind> = new Set([
  'reopen',
  'comment',
  'link',
  'artefact',
  'message',
  'message-send',
  'message-said',
  'message-drop',
  'post-mortem',
  'follow-up',
  'follow-up-done',
  'follow-up-verified',
  'follow-up-again',
])

/**
 * Does one thing to one incident: the change, its place in the timeline and the ledger's entry commit together.
 * @throws KanpekiError `not_found`, `conflict` where the incident's state does not allow it, `own_approval`.
 */
export async function doDeed(deps: IncidentDeps, scope: string, id: string, asked: Deed, by: Actor): Promise<IncidentsTable> {
  const fetched = {
    alerts: asked.do === 'alerts' ? await alertsNamed(deps, scope, asked.alerts) : [],
    artefact: asked.do === 'artefact' ? await deps.artefact(scope, asked.artefact) : undefined,
  }
  return await deps.state.transaction<IncidentTables, IncidentsTable>(async (all) => {
    const trx = scopedTo(all, scope)
    const now = deps.clock.now()
    const incident = await incidentById(trx, id)
    if (incident === undefined) throw new KanpekiError('not_found', `There is no incident ${id}.`)
    refuseLate(incident, asked.do)
    const done: DeedContext['done'] = (said, change) => enter(trx, incident, by, said, now, change)
    const enterIn: DeedContext['enterIn'] = (other, said) => enter(trx, other, by, said, now)
    const handler = HANDLERS[asked.do] as (context: DeedContext, asked: Deed) => Promise<IncidentsTable>
    return await handler({ trx, deps, incident, by, now, fetched, done, enterIn }, asked)
  })
}

function refuseLate({ state, number }: IncidentsTable, kind: DeedKind): void {
  if (state === 'open' || (state === 'closed' && AFTERWARDS.has(kind)) || kind === 'comment') return
  throw new KanpekiError('conflict', `INC-${number} is ${state}.`, {
    remedy: state === 'merged' ? 'Work on the incident that it was merged into.' : 'Open it again first.',
  })
}

/** @throws KanpekiError `not_found` for the first that does not exist. */
export async function alertsNamed(deps: IncidentDeps, scope: string, ids: readonly string[]): Promise<readonly AlertSnapshot[]> {
  const unique = [...new Set(ids)]
  const found = await deps.alerts(scope, unique)
  const missing = unique.find((id) => !found.some((alert) => alert.id === id))
  if (missing !== undefined) throw new KanpekiError('not_found', `There is no alert ${missing}.`)
  return found
}
