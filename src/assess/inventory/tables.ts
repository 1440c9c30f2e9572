import type { Flag } from '../../platform/state/columns.ts'
import type { AssetRow } from '../../platform/state/tables.ts'
import type { Severity } from '../cvss/score.ts'

/** The newest list of what is installed on an asset, by where it came from. Times are milliseconds UTC. */
export interface InventoriesTable {
  scope: string
  asset: string
  source: string
  format: string
  /** SHA-256 of the list as it was taken in, hexadecimal. */
  sha256: string
  components: number
  /** Components that could not be judged. */
  unjudged: number
  received: number
  /** When it was last judged. */
  judged_at: number
  by_name: string
  /** Place in the evidence outbox. */
  outbox: number
}

export interface ComponentsTable {
  scope: string
  asset: string
  source: string
  /** 0, 1, 2 … within an inventory. */
  number: number
  name: string
  /** In small letters: what is searched. */
  folded: string
  version: string | null
  purl: string | null
  place: string
}

/** A vulnerability of a package on an asset, from when it was first seen; it stays when it is gone. */
export interface FindingsTable {
  scope: string
  asset: string
  source: string
  id: string
  /** The package URL without its version, or the name. */
  package: string
  name: string
  version: string | null
  purl: string | null
  /** JSON arrays. */
  ids: string
  aliases: string
  fixed: string
  summary: string
  severity: Severity | null
  score: number | null
  vector: string | null
  /** Since when it is in KEV; null where it is not. */
  exploited: string | null
  epss: number | null
  first_seen: number
  last_seen: number
  /** When a later list showed that it is not there any more; null while it is. */
  gone_at: number | null
  /** It was gone and came back. */
  regressed: Flag
}

export interface AssessTables {
  assess_inventories: InventoriesTable
  assess_components: ComponentsTable
  assess_findings: FindingsTable
  assets: AssetRow
}
