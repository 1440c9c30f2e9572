import { type Caller, PERMISSIONS } from '../http/route.ts'

/** A person of the scope `default` who may do anything; name what differs. */
export function testCaller(differs: Partial<Caller> = {}): Caller {
  const id = differs.id ?? 'u1'
  return {
    kind: 'person',
    id,
    name: id,
    scope: 'default',
    scopes: [differs.scope ?? 'default'],
    roles: [],
    permissions: new Set(PERMISSIONS),
    account: differs.kind === undefined || differs.kind === 'person' ? id : null,
    ...differs,
  }
}
