import { expect, it } from 'vitest'
import { ROLES } from '../schema.ts'
import { roleRoutes } from './routes.ts'
import { rolesReplySchema } from './schema.ts'

it(`tells all ${ROLES.length} roles, and that only an administrator of every scope has the installation`, async () => {
  const reply = rolesReplySchema.parse(await roleRoutes()[0]!.handle({} as never))
  expect(reply.items.map(({ role }) => role)).toEqual([...ROLES])
  for (const { role, permissions, everywhere } of reply.items) {
    expect(permissions).not.toContain('installation')
    expect(everywhere).toEqual(role === 'administrator' ? ['installation'] : [])
  }
  expect(reply.conflicts).toContainEqual(['engineer', 'approver'])
})
