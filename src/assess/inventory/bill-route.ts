import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { attachmentOf } from '../../platform/http/attachment.ts'
import { RawReply, type Route, route } from '../../platform/http/route.ts'
import { BILL_FORMATS, BILL_TYPES, writeBill } from '../sbom/write.ts'
import type { AssessDeps } from './deps.ts'
import { componentsOf, inventoriesOn } from './queries.ts'
import type { AssessTables } from './tables.ts'

const billQuery = z.object({
  /** As its lists call it. */
  asset: z.string().trim().min(1).max(300),
  /** One of its lists; all of them where it is left out. */
  source: z.string().trim().min(1).max(300).optional(),
  format: z.enum(BILL_FORMATS).default('cyclonedx'),
})

const EXTENSIONS = { cyclonedx: 'cdx.json', 'cyclonedx-xml': 'cdx.xml', spdx: 'spdx.json', spdx3: 'spdx3.json' } as const

/** Bills of materials of what is kept of an asset. */
export function billRoutes({ state, clock, version }: Pick<AssessDeps, 'state' | 'clock' | 'version'>): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/inventories/bill',
      permission: 'assets:read',
      summary: 'What is installed on an asset, by its newest lists, as a bill of materials (CycloneDX 1.6, SPDX 2.3 and 3.0)',
      query: billQuery,
      handle: async ({ query: { asset, source, format }, caller }) => {
        const db = state.scoped<AssessTables>(caller.scope)
        const lists = (await inventoriesOn(db, [asset])).filter((list) => source === undefined || list.source === source)
        if (lists.length === 0)
          throw new KanpekiError('not_found', `Nobody has said what is installed on ${asset}.`, {
            remedy: 'Name the asset as its list does: GET /api/v1/components tells.',
          })
        const components = (await Promise.all(lists.map((list) => componentsOf(db, list)))).flat()
        return new RawReply(BILL_TYPES[format], writeBill(format, components, asset, version, clock.now()), {
          'content-disposition': attachmentOf(`${asset}.${EXTENSIONS[format]}`),
        })
      },
    }),
  ]
}
