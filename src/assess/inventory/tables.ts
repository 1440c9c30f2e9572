import type { Flag } from '../../platform/state/columns.ts'
import type { AssetRow } from '../../platform/state/tables.ts'
import type { Severity } from '../cvss/score.ts'
import type { FindingKind } from '../prioritise/policy.ts'
import type { DeployerDecision } from '../prioritise/ssvc.ts'

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
  /** When somebody looked what runs; null where nobody did. */
  in_use_at: number | null
  /** JSON array: packages that advisories know under several names here; null in rows older than this column. */
  twins: string | null
  /** JSON array: releases of distributions in it (`debian-10`); null in rows older than this column. */
  releases: string | null
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
  /** What advisories call it; null where they cannot be asked, and in rows older than this column. */
  asked: string | null
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
  /** By the name of a product alone: it may be something else of that name. */
  guessed: Flag
}

/** As findings are written. */
export interface MarkedFindingsTable extends FindingsTable {
  /** See asset-mark.ts. */
  asset_mark: number
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

/** How a person rates a weakness here, or (`package` and `id` empty) the environment of an asset. */
export interface RatingsTable {
  scope: string
  /** In small letters. */
  asset: string
  package: string
  id: string
  /** A whole vector, or metrics of the environment (`CR:H/MAV:L`). */
  vector: string
  reason: string
  at: number
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

/** What an asset's agent saw running; one row an asset. */
export interface UseTable {
  scope: string
  asset: string
  /** In small letters. */
  folded: string
  /** When it first looked, and last. */
  since: number
  looked: number
  /** JSON array of UsedPart. */
  parts: string
}

/** Which assets are weighed, and by what: `basis` is empty where something changed since. */
export interface WeighingsTable {
  scope: string
  asset: string
  /** In small letters: spellings of one asset are weighed together. */
  folded: string
  basis: string
  /** From when on the result may be another one without anybody's doing: an exception expires, a look grows old. */
  until: number | null
  weighed: number
}

/** One weakness of one asset as it was weighed last: what pages are filtered and sorted by. What they show is read afresh. */
export interface WeighedTable {
  scope: string
  asset: string
  package: string
  id: string
  status: WeighedStatus
  kind: FindingKind
  decision: DeployerDecision
  /** Gravest highest: exploited, then risk, then likelihood. */
  rank: number
  fixable: Flag
  in_use: Flag | null
  exposed: Flag | null
  exploited: Flag
  owner: string | null
  due: number | null
}
export type WeighedStatus = 'open' | 'waived' | 'gone'

/** How many weaknesses of an asset are alike, for figures over millions. A fact that nobody knows is -1. */
export interface TallyTable {
  scope: string
  folded: string
  status: WeighedStatus
  kind: FindingKind
  decision: DeployerDecision
  fixable: Flag
  in_use: Flag | -1
  exposed: Flag | -1
  exploited: Flag
  causes: number
}

/** What is said of a weakness of a package, in small letters: a search reads these, not each asset's weaknesses. */
export interface TextsTable {
  scope: string
  package: string
  id: string
  text: string
}

/** Which packages any finding, open or gone, names a CVE of: where KEV, EPSS or the CVE says something else, these are weighed again. */
export interface CvesTable {
  scope: string
  cve: string
  package: string
}

export interface AssessTables {
  assess_cves: CvesTable
  assess_use: UseTable
  assess_weighings: WeighingsTable
  assess_weighed: WeighedTable
  assess_tally: TallyTable
  assess_texts: TextsTable
  assess_inventories: InventoriesTable
  assess_components: ComponentsTable
  assess_names: NamesTable
  assess_findings: MarkedFindingsTable
  assess_scans: ScansTable
  assess_work: WorkTable
  assess_ratings: RatingsTable
  assess_exceptions: ExceptionsTable
  assets: AssetRow
}
