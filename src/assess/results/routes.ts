import { type Route, route } from '../../platform/http/route.ts'
import type { AssessDeps } from '../inventory/deps.ts'
import { importResults } from './import-results.ts'
import { readResults } from './read-results.ts'
import { sourceOf } from './result.ts'
import { resultsBody, resultsReply } from './schema.ts'

/** What other scanners found. */
export function resultRoutes({ state, clock, feeds, policy, changed }: AssessDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/scan-results',
      permission: 'assets:write',
      summary: "Take in another scanner's results (SARIF, ZAP, Trivy, Grype, Snyk, npm audit, Nessus, Nuclei, Burp, Checkov)",
      body: resultsBody,
      response: resultsReply,
      handle: async ({ body, caller }) => {
        const read = body.read ?? (await readResults(inOnePart(body.document ?? ''), 'document'))
        const source = body.source ?? sourceOf(read)
        const done = await importResults(
          state,
          {
            scope: caller.scope,
            asset: body.asset ?? null,
            source,
            read,
            partial: body.partial,
            by: { name: caller.name, account: caller.account },
          },
          await feeds.current(),
          clock,
          (await policy.current()).policy,
        )
        changed()
        return {
          source,
          format: read.format,
          left: read.left,
          assets: done.map(({ asset, open, found, regressed, gone }) => ({
            asset,
            open,
            found: found.length,
            regressed: regressed.length,
            gone: gone.length,
          })),
        }
      },
    }),
  ]
}

async function* inOnePart(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
