import { KanpekiError } from '../../../kernel/error.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { callJson, type JsonCall, under } from '../call.ts'

/** The key-value store of HashiCorp Vault (and OpenBao), version 2. Paths are checked by whoever calls. */
export interface Vault {
  readonly name: string
  metadata(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly version: number; readonly custom: Readonly<Record<string, string>> }>
  describe(path: string, custom: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>
  /** The version that is asked for, or the newest. */
  read(
    path: string,
    version: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly version: number; readonly data: JsonObject }>
  /** Only where the newest version still is `after`; 0 for a secret that is not there yet. */
  write(path: string, data: JsonObject, after: number, signal: AbortSignal): Promise<void>
}

export function vault(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'vault'>, 'name' | 'settings' | 'secrets'>,
): Vault {
  const call = async (
    part: 'data' | 'metadata',
    path: string,
    query: Readonly<Record<string, string>>,
    what: Pick<JsonCall, 'method' | 'body' | 'signal'>,
  ): Promise<JsonObject> => {
    const url = under(settings.url, ['v1', settings.mount, part, ...path.split('/')], query)
    const { status, json } = await callJson(outgoing, url, {
      ...what,
      headers: { 'x-vault-token': secrets.token, 'x-vault-request': 'true' },
      also: [404],
    })
    if (status === 404) throw new KanpekiError('not_found', `There is no secret ${path} at ${name}.`)
    return ((json as { data?: JsonObject } | undefined)?.data ?? {}) as JsonObject
  }
  return {
    name,
    async metadata(path, signal) {
      const { current_version, custom_metadata } = await call('metadata', path, {}, { method: 'GET', signal })
      return { version: Number(current_version), custom: (custom_metadata ?? {}) as Readonly<Record<string, string>> }
    },
    async describe(path, custom, signal) {
      await call('metadata', path, {}, { method: 'POST', body: { custom_metadata: custom }, signal })
    },
    async read(path, version, signal) {
      const query: Readonly<Record<string, string>> = version === undefined ? {} : { version: String(version) }
      const { data, metadata } = await call('data', path, query, { method: 'GET', signal })
      return { version: Number((metadata as JsonObject)['version']), data: data as JsonObject }
    },
    async write(path, data, after, signal) {
      await call('data', path, {}, { method: 'POST', body: { data, options: { cas: after } }, signal })
    },
  }
}
