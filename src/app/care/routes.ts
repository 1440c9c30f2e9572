import { join } from 'node:path'
import { z } from 'zod'
import { refuseUnconfirmed } from '../../access/confirm.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { CONFIG_FILE } from '../../platform/config.ts'
import { type Caller, EVERY_SCOPE, RawReply, type Route, route } from '../../platform/http/route.ts'
import { sealKeySource } from '../../platform/secrets/seal-keys.ts'
import { settingsOf } from '../../platform/state/settings.ts'
import { statePlace } from '../places.ts'
import type { Services } from '../services.ts'
import { explainConfig } from './explain-config.ts'
import { type BackupDeps, createBackups, keepBackup, LAST_BACKUP } from './make-backup.ts'
import type { OwnMetrics } from './own-metrics.ts'
import { stateProbe, unready } from './readiness.ts'
import { configReply } from './schema.ts'

/** What the seal key is asked for by name: whoever has both archive and key has every secret. */
export const backupRequest = z.strictObject({
  withSealKey: z.boolean().default(false),
  /** It does not count as the last backup before `POST /api/v1/backup/kept` says so. */
  unproved: z.boolean().default(false),
})

export const keptRequest = z.strictObject({
  /** Of the manifest. */
  made: z.iso.datetime(),
  /** Where it lies: a file or the address of an object. */
  place: z.string().min(1).max(2000),
})

/** The name of a member of the reply's header, about how many bytes will come. */
export const ESTIMATE_HEADER = 'x-kanpeki-estimate'
export const SKIPPED_HEADER = 'x-kanpeki-skipped'

export interface CareDeps {
  readonly services: Services
  readonly version: string
  readonly metrics: OwnMetrics
  readonly stopping: () => boolean
}

export function backupDeps(services: Services, version: string): BackupDeps {
  const { dir, config, state, lake, lakeAddress: address, ledger, drainer, sealer, clock } = services
  const sealKey = sealKeySource(dir.keys, config.values, process.env)
  return { version, dir, place: statePlace(config), state, lake, address, ledger, drainer, sealer, sealKey, clock }
}

/** Without the series of scopes that the caller may not ask for; those about the process have no scope. */
function seriesSeenBy({ scope, scopes }: Caller, text: string): string {
  if (scopes.includes(EVERY_SCOPE)) return text
  const own = (line: string): boolean => (/^[^#{]+\{(?:.*,)?scope="([^"]*)"/.exec(line)?.[1] ?? scope) === scope
  return text.split('\n').filter(own).join('\n')
}

export function careRoutes({ services, version, metrics, stopping }: CareDeps): Route[] {
  const backups = createBackups(backupDeps(services, version))
  const { config, dir, state, pipeline, drainer, lakeAddress, lakePid, healthy } = services
  const lakeRuns = (): boolean => lakeAddress.kind === 'cluster' || lakePid() !== undefined
  const askState = stateProbe(() => settingsOf(state).get(LAST_BACKUP))
  return [
    route({
      method: 'GET',
      path: '/readyz',
      permission: 'public',
      summary: 'Whether it should get traffic; 503 with the reasons otherwise',
      handle: async () => {
        const reasons = await unready({ root: dir.root, stopping, healthy, lakeRuns, askState, pipeline, drainer })
        if (reasons.length === 0) return { status: 'ready' }
        throw new KanpekiError('not_ready', reasons.join(', '))
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      permission: 'metrics:read',
      summary: 'What Kanpeki says about itself, in Prometheus text format',
      handle: async ({ caller }) =>
        new RawReply('text/plain; version=0.0.4; charset=utf-8', seriesSeenBy(caller, await metrics.text())),
    }),
    route({
      method: 'GET',
      path: '/api/v1/config',
      permission: 'installation',
      summary: 'Each setting with value, source, default and meaning',
      response: configReply,
      handle: async () => explainConfig(config, join(config.data, CONFIG_FILE)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/backup',
      permission: 'installation',
      summary: 'A consistent backup as one tar archive with a signed manifest',
      body: backupRequest,
      handle: async ({ body, caller, signal }) => {
        refuseUnconfirmed(caller, services.clock.now())
        // Sealed hours and what the state store says of them are taken together: none of them may go in between.
        const backup = await services.inTurn(() => backups.make({ by: caller.name, ...body }))
        // A reader that leaves before the first byte never starts the stream, which then has no end to clean up at.
        signal.addEventListener('abort', () => void backup.release())
        return new RawReply('application/x-tar', backup.bytes, {
          'cache-control': 'no-store',
          [ESTIMATE_HEADER]: String(backup.estimate),
          [SKIPPED_HEADER]: skippedHeader(backup.skipped),
        })
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/backup/kept',
      permission: 'installation',
      summary: 'Say that a backup lies where it should and was read back',
      body: keptRequest,
      response: z.object({ kept: z.literal(true) }),
      handle: async ({ body, caller }) => {
        await keepBackup(services, { made: Date.parse(body.made), place: body.place, by: caller.name })
        return { kept: true as const }
      },
    }),
  ]
}

/** Node's client takes 16 KB of headers; how many names are left out is told. */
const MOST_SKIPPED_BYTES = 4096

export function skippedHeader(names: readonly string[]): string {
  let told = 0
  for (let bytes = 0; told < names.length && bytes < MOST_SKIPPED_BYTES; told++)
    bytes += encodeURIComponent(names[told]!).length + 3
  const rest = names.length - told
  return encodeURIComponent([...names.slice(0, told), ...(rest === 0 ? [] : [`… (+${rest})`])].join('\n'))
}
