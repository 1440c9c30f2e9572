import type { z } from 'zod'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { newProviderSchema, Provider } from './schema.ts'
import type { ProvidersTable } from './tables.ts'

/** What is kept of a provider besides its id and secret. */
export type ProviderSettings = Omit<z.output<typeof newProviderSchema>, 'id' | 'clientSecret'>

/** A provider as the sign-in needs it. */
export interface KnownProvider {
  readonly id: string
  readonly settings: ProviderSettings
  /** As stored. */
  readonly sealedSecret: string | null
  /** Grows with every change. */
  readonly updated: number
}

export function secretContext(id: string): string {
  return `access_sso_providers:${id}`
}

export function knownProvider(row: ProvidersTable): KnownProvider {
  return { id: row.id, settings: readJson<ProviderSettings>(row.settings), sealedSecret: row.secret, updated: row.updated }
}

export function clientSecretOf(provider: KnownProvider, sealer: Sealer): string | undefined {
  if (provider.sealedSecret === null) return undefined
  return sealer.open(provider.sealedSecret, secretContext(provider.id)).toString('utf8')
}

export function callbackUrl(origin: string, id: string): string {
  return `${origin}/api/v1/sso/${id}/callback`
}

export function providerReply(row: ProvidersTable, accounts: number, origin: string): Provider {
  return {
    id: row.id,
    ...readJson<ProviderSettings>(row.settings),
    hasSecret: row.secret !== null,
    callbackUrl: callbackUrl(origin, row.id),
    accounts,
    created: new Date(row.created).toISOString(),
    updated: new Date(row.updated).toISOString(),
  }
}
