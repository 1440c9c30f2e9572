import { readJson } from '../../platform/state/columns.ts'
import { knownPeople } from '../people/queries.ts'
import type { Db } from '../queries.ts'
import { everyAsset } from './queries.ts'

export interface InventoryAsset {
  readonly id: string
  readonly scope: string
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly criticality: string
  readonly owner: string | null
}

/** Every asset of every scope, and people by the address that directories know them by. */
export async function loadInventory(db: Db): Promise<{
  readonly assets: readonly InventoryAsset[]
  readonly people: readonly { readonly email: string; readonly name: string }[]
}> {
  const assets = (await everyAsset(db)).map(({ id, scope, names, labels, criticality, owner }) => ({
    id,
    scope,
    names: readJson<string[]>(names),
    labels: readJson<Record<string, string>>(labels),
    criticality,
    owner,
  }))
  const people = (await knownPeople(db)).flatMap(({ email, name, display }) => {
    const address = email ?? (name.includes('@') ? name : null)
    return address === null ? [] : [{ email: address, name: display }]
  })
  return { assets, people }
}
