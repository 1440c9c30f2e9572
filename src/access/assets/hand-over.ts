import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { Db } from '../queries.ts'
import { handedOver } from './queries.ts'

/** To which scope events of the shared scope go, by the host they name. */
export interface HandOver {
  /** How many names there are; with 0 nobody has to look. */
  readonly size: number
  /** @returns undefined where the event stays in the shared scope. */
  scopeOf(doc: JsonObject): string | undefined
}

/**
 * Only assets that an administrator of the installation assigned count: a scope cannot draw events to itself by naming
 * hosts. A name that assets of two scopes claim hands nothing over.
 */
export async function loadHandOver(db: Db): Promise<HandOver> {
  return handOverOf((await handedOver(db)).map(({ scope, names }) => ({ scope, names: readJson<string[]>(names) })))
}

const CONTESTED = ''

export function handOverOf(assets: readonly { readonly scope: string; readonly names: readonly string[] }[]): HandOver {
  const scopes = new Map<string, string>()
  for (const { scope, names } of assets) {
    for (const name of names) {
      const key = name.toLowerCase()
      const known = scopes.get(key)
      scopes.set(key, known === undefined || known === scope ? scope : CONTESTED)
    }
  }
  const find = (value: JsonValue | undefined): string | undefined => {
    if (typeof value === 'string') return scopes.get(value) ?? scopes.get(value.toLowerCase())
    if (!Array.isArray(value)) return undefined
    for (const one of value as readonly JsonValue[]) {
      const scope = typeof one === 'string' ? find(one) : undefined
      if (scope !== undefined) return scope
    }
    return undefined
  }
  return {
    size: scopes.size,
    scopeOf(doc) {
      const { host, cloud } = doc
      const instance = isJsonObject(cloud) ? cloud['instance'] : undefined
      const scope =
        (isJsonObject(host)
          ? (find(host['id']) ?? find(host['name']) ?? find(host['hostname']) ?? find(host['ip']))
          : undefined) ?? (isJsonObject(instance) ? find(instance['id']) : undefined)
      return scope === CONTESTED ? undefined : scope
    },
  }
}
