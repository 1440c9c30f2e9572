import type { Authenticator } from '../access/authenticate.ts'
import type { Services } from '../app/services.ts'
import { readSource } from '../collect/queries.ts'
import type { IngestDeps } from '../collect/sources/http/handler.ts'
import { memoryBudget } from '../collect/sources/http/read-body.ts'
import { httpConfig } from '../collect/sources/http/schema.ts'
import { createSnsGuard } from '../collect/sources/http/webhook/sns-guard.ts'
import type { CollectTables } from '../collect/tables.ts'
import { takePoints } from '../declare/series/otlp.ts'
import type { KanpekiError } from '../kernel/error.ts'
import { readJson } from '../platform/state/columns.ts'

const MAX_BODY_BYTES = 128 * 1024 * 1024
const MAX_HELD_BYTES = 384 * 1024 * 1024

/** What every port that takes events needs; they share one budget of memory. */
export function ingestDeps(
  services: Pick<Services, 'state' | 'pipeline' | 'clock' | 'log' | 'outgoing'>,
  authenticate: Authenticator,
  refusal: () => KanpekiError | undefined,
  figuresCame: () => void,
): Omit<IngestDeps, 'targetOf'> {
  const { state, pipeline, clock, log, outgoing } = services
  return {
    authenticate: async (request) => {
      const caller = await authenticate(request)
      // A cookie goes along with what another site's page sends (a form, a beacon), which needs no consent of ours for that.
      const sends = caller.kind === 'token' || caller.kind === 'agent' || request.headers['x-kanpeki-csrf'] === '1'
      return caller.kind === 'anonymous' || !sends ? undefined : caller
    },
    commit: (body) => pipeline.ask({ kind: 'body', body }),
    refusal,
    async mappingOf(scope, source) {
      const row = await readSource(state.tables<CollectTables>(), scope, source)
      if (row === undefined || row.config === '') return undefined
      return httpConfig.safeParse(readJson(row.config)).data?.mapping
    },
    sns: createSnsGuard({ fetch: outgoing.fetch, clock, log: log.warn }),
    async figures({ scope, name }, points) {
      const result = await takePoints({ state, clock }, { scope, by: name }, points)
      if (result.taken > 0) figuresCame()
      return result
    },
    clock,
    log: log.warn,
    maxBodyBytes: MAX_BODY_BYTES,
    budget: memoryBudget(MAX_HELD_BYTES),
  }
}
