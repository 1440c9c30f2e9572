import type { Flag } from '../../platform/state/columns.ts'
import type { AssetRow } from '../../platform/state/tables.ts'
import type { Severity } from '../cvss/score.ts'
import type { FindingKind } from '../prioritise/policy.ts'

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
  /** JSON array of what runs there, package URLs or names; null where nobody looked. */
  in_use: string | null
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

/** Every name that a component ever had here: a search reads these, not each component of each asset. */
export interface NamesTable {
  scope: string
  folded: string
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
  kind: FindingKind
  /** `file:line`, a URL or a port, where a scanner of others says so. */
  place: string
  /** When it was opened last; null: when it was first seen. */
  opened_at: number | null
  /** The list that proved it gone (SHA-256), and where that stands in the evidence. */
  gone_by: string | null
  gone_outbox: number | null
  /** Whether it runs; null where nobody looked. */
  in_use: Flag | null
}

/** The newest results of another scanner on an asset. */
export interface ScansTable {
  scope: string
  asset: string
  source: string
  /** JSON array of FindingKind: what was looked for. */
  kinds: string
  format: string
  sha256: string
  findings: number
  /** It did not look at everything: it opens, and closes nothing. */
  partial: Flag
  received: number
  by_name: string
  outbox: number
}

/** What people do about a weakness. `id` and `package` as the finding had them: found again by its other names, too. */
export interface WorkTable {
  scope: string
  asset: string
  package: string
  id: string
  owner: string | null
  /** Set by hand; null: by policy. */
  due: number | null
  ticket: string | null
  note: string
  updated: number
  by_name: string
}

/** What takes findings off the list until it expires: it counts once another person approved it. */
export interface ExceptionsTable {
  scope: string
  id: string
  /** Null: every asset. */
  asset: string | null
  title: string
  /** A risk that is accepted, our own statement, or a document of others. */
  kind: 'accept' | 'statement' | 'document'
  /** JSON array of VexStatement. */
  statements: string
  /** SHA-256 of the document, or of the statements. */
  sha256: string
  reason: string
  state: 'waiting' | 'active' | 'refused' | 'ended' | 'expired'
  author_account: string | null
  author_name: string
  created: number
  expires: number
  decided_account: string | null
  decided_name: string | null
  decided: number | null
}

export interface AssessTables {
  assess_inventories: InventoriesTable
  assess_components: ComponentsTable
  assess_names: NamesTable
  assess_findings: FindingsTable
  assess_scans: ScansTable
  assess_work: WorkTable
  assess_exceptions: ExceptionsTable
  assets: AssetRow
}
