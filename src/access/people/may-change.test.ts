import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, EVERY_SCOPE } from '../../platform/http/route.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { type Assignment, permissionsOf } from '../roles.ts'
import { ROLES } from '../schema.ts'
import { mayChange, rolesToKeep } from './may-change.ts'

const SCOPES = ['default', 'east', 'west']
const assignment = fc.record({ role: fc.constantFrom(...ROLES), scope: fc.constantFrom(EVERY_SCOPE, ...SCOPES) })
const assignments = fc.uniqueArray(assignment, { maxLength: 6, selector: ({ role, scope }) => `${role} ${scope}` })

function callerWith(held: readonly Assignment[], scope: string): Caller {
  return testCaller({ id: 'caller', scope, permissions: permissionsOf(held, scope) })
}

/** What the account may do after and not before, in each scope. */
function gained(before: readonly Assignment[], after: readonly Assignment[]): [scope: string, permission: string][] {
  return [...SCOPES, 'a scope made later'].flatMap((scope) => {
    const had = permissionsOf(before, scope)
    return [...permissionsOf(after, scope)].filter((one) => !had.has(one)).map((one): [string, string] => [scope, one])
  })
}

it('never lets anybody give what they may not do there, nor touch what lies elsewhere', () => {
  let given = 0
  fc.assert(
    fc.property(assignments, fc.constantFrom(...SCOPES), assignments, assignments, (own, scope, held, wanted) => {
      const caller = callerWith(own, scope)
      fc.pre(caller.permissions.has('access:write'))
      let after: readonly Assignment[]
      try {
        after = rolesToKeep(caller, { id: 'other', name: 'other' }, held, wanted)
      } catch (error) {
        expect((error as KanpekiError).code).toBe('beyond_own')
        return
      }
      for (const [where, permission] of gained(held, after)) {
        given += 1
        expect(permission.endsWith(':approve') || permissionsOf(own, where).has(permission as never)).toBe(true)
      }
      if (caller.permissions.has('installation')) return
      const elsewhere = (list: readonly Assignment[]): string[] =>
        list
          .filter((one) => one.scope !== scope)
          .map(({ role, scope: at }) => `${role} ${at}`)
          .sort()
      expect(elsewhere(after)).toEqual(elsewhere(held))
    }),
    { numRuns: 3_000 },
  )
  expect(given).toBeGreaterThan(100)
})

it('never lets anybody gain anything by changing themselves', () => {
  fc.assert(
    fc.property(assignments, fc.constantFrom(...SCOPES), assignments, (own, scope, wanted) => {
      const caller = callerWith(own, scope)
      try {
        expect(gained(own, rolesToKeep(caller, { id: 'caller', name: 'caller' }, own, wanted))).toEqual([])
      } catch (error) {
        if (!(error instanceof KanpekiError)) throw error
        expect(['own_roles', 'beyond_own']).toContain(error.code)
      }
    }),
    { numRuns: 2_000 },
  )
})

it('lets nobody take over an account that may do more somewhere than they administer', () => {
  fc.assert(
    fc.property(assignments, fc.constantFrom(...SCOPES), assignments, fc.constantFrom(...SCOPES), (own, scope, held, home) => {
      const caller = callerWith(own, scope)
      fc.pre(caller.permissions.has('access:write') && !caller.permissions.has('installation'))
      if (!mayChange(caller, { scope: home, break_glass: 0 }, held)) return
      expect(home).toBe(scope)
      for (const one of held) expect(one.scope).toBe(scope)
    }),
    { numRuns: 2_000 },
  )
})
