import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Route, route } from '../../platform/http/route.ts'

export interface QuarantineDeps {
  /** False where the rule is in no quarantine. */
  release(rule: string, by: JsonObject): Promise<boolean>
}

export function quarantineRoutes(deps: QuarantineDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/rules/release',
      // Rules run for every scope at once.
      permission: 'installation',
      summary: 'Evaluate a rule in quarantine again',
      body: z.strictObject({ rule: z.string().min(1).max(200) }),
      handle: async ({ body, caller }) => {
        if (!(await deps.release(body.rule, { id: caller.id, name: caller.name })))
          throw new KanpekiError('not_found', `The rule ${body.rule} is in no quarantine.`)
      },
    }),
  ]
}
