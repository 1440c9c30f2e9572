import { type Route, route } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import { readMasked } from './queries.ts'
import { type MaskingRule, maskingView } from './schema.ts'
import type { MaskingTables } from './tables.ts'

/** Which masking rules there are, which are in force, and how often each masked something. */
export function maskingRoutes({ state, rules }: { readonly state: State; readonly rules: readonly MaskingRule[] }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/masking',
      permission: 'sources:read',
      summary: 'Masking rules with how many values each masked',
      response: maskingView,
      handle: async ({ caller }) => {
        const counted = new Map((await readMasked(state.tables<MaskingTables>(), caller.scope)).map((row) => [row.rule, row]))
        return {
          rules: rules.map(({ id, title, ja, enabled, fields, hash }) => {
            const row = counted.get(id)
            return {
              id,
              title: { en: title, ja: ja?.title ?? title },
              enabled,
              fields,
              hash: hash === true,
              masked: row?.masked ?? 0,
              lastAt: row === undefined ? null : new Date(row.last_at).toISOString(),
            }
          }),
        }
      },
    }),
  ]
}
