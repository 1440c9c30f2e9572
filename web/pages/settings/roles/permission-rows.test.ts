import { expect, it } from 'vitest'
import { ROLES } from '../../../../src/access/schema.ts'
import { SSO_PROBLEMS } from '../../../../src/access/sso/schema.ts'
import { PERMISSIONS } from '../../../../src/platform/http/route.ts'
import { en } from '../../../i18n/en.ts'
import { permissionKey, permissionRows } from './permission-rows.ts'

it(`words all ${PERMISSIONS.length} permissions, ${ROLES.length} roles and ${SSO_PROBLEMS.length} problems of single sign-on`, () => {
  const worded = new Set(Object.keys(en.settings.permission).map((key) => `permission.${key}`))
  const silent = new Set(['public', 'session'])
  expect(PERMISSIONS.filter((one) => !silent.has(one) && !worded.has(permissionKey(one)))).toEqual([])
  expect(ROLES.filter((role) => !(role in en.settings.roles.about) || !(role in en.access.role))).toEqual([])
  expect(SSO_PROBLEMS.filter((code) => !(code in en.common.problem.code))).toEqual([])
})

it('lists a permission once, with the roles that give it in one scope and in every scope', () => {
  const rows = permissionRows({
    items: [
      { role: 'viewer', permissions: ['public', 'session', 'events:read'], everywhere: [] },
      { role: 'administrator', permissions: ['session', 'events:read', 'access:write'], everywhere: ['installation'] },
    ],
    conflicts: [],
  })
  expect(rows.map((row) => [row.permission, [...row.roles], [...row.everywhere]])).toEqual([
    ['events:read', ['viewer', 'administrator'], []],
    ['access:write', ['administrator'], []],
    ['installation', [], ['administrator']],
  ])
})
