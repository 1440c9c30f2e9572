import type { Approver, WaitingApproval, WaitingApprovals } from '../../kernel/duties.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { CONFLICTING_DUTIES, permissionsOf, rolesIn } from '../roles.ts'
import type { Role } from '../schema.ts'
import type { PartDeps } from '../scopes/deps.ts'
import { type PersonInScope, peopleIn } from './queries.ts'
import { type Conflicts, conflictsSchema } from './schema.ts'

/** Where separation of duties is in danger in the caller's scope. */
export function conflictRoutes(deps: PartDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/access/conflicts',
      permission: 'access:read',
      summary: 'Duties that lie with one person and should lie with two, and approvals that wait for a second person',
      response: conflictsSchema,
      handle: async ({ caller }) => {
        const people = await peopleIn(deps.db, caller.scope)
        return { people: people.flatMap(conflictOf(caller.scope)), waiting: await stuck(deps.waiting, people, caller.scope) }
      },
    }),
  ]
}

/** Pairs of duties that these roles bring together. */
export function conflictingDuties(roles: readonly Role[]): [Role, Role][] {
  return CONFLICTING_DUTIES.filter((pair) => pair.every((role) => roles.includes(role))).map(([one, other]) => [one, other])
}

function conflictOf(scope: string): (person: PersonInScope) => Conflicts['people'] {
  return ({ account, name, display, assignments }) => {
    const roles = rolesIn(assignments, scope)
    const duties = conflictingDuties(roles)
    return duties.length === 0 ? [] : [{ account, name, display, roles, duties }]
  }
}

async function stuck(
  sources: readonly WaitingApprovals[],
  people: readonly PersonInScope[],
  scope: string,
): Promise<Conflicts['waiting']> {
  const approvers = people.map(
    ({ account, name, assignments }): Approver => ({
      kind: 'person',
      id: account,
      name,
      account,
      roles: rolesIn(assignments, scope),
      permissions: permissionsOf(assignments, scope),
    }),
  )
  const waiting = (await Promise.all(sources.map((source) => source(scope)))).flat()
  return waiting
    .filter((item) => isStuck(item, approvers))
    .map(({ kind, id, title, version, author, since }) => ({
      kind,
      id,
      title: { ...title },
      version,
      author: author.name,
      since: new Date(since).toISOString(),
    }))
}

/** Its author could approve it, and those who remain are too few. */
function isStuck({ author, needed, accepts }: WaitingApproval, approvers: readonly Approver[]): boolean {
  const able = approvers.filter(accepts)
  const others = able.filter(({ account }) => account !== author.account)
  return author.account !== null && others.length < needed && able.length > others.length
}
