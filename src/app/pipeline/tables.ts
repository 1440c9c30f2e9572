import type { Flag } from '../../platform/state/columns.ts'

/** Batches of the lake whose consequences are committed: the readers' checkpoint, and what sealing an hour needs. */
export interface BatchesTable {
  writer: string
  sequence: number
  scope: string
  /** Milliseconds UTC. */
  received: number
  events: number
  /** Salted Merkle root, hexadecimal. */
  root: string
  /** Events that a broken disk took and nobody could bring back. */
  lost: number
}

export interface CheckpointsTable {
  writer: string
  scope: string
  sequence: number
  received: number
}

/** Hours that were sealed, so that a restart seals none twice. */
export interface SegmentsTable {
  hour: number
  scope: string
  file: string
  sha256: string
  events: number
  sealed: number
  bytes: number
  /** Grows each time that events were taken out. */
  revision: number
  /** A file of an earlier revision that is still to be deleted. */
  superseded: string | null
  /** When retention gave the hour up, and by which policy; null while it is kept. */
  dropped: number | null
  policy: string | null
  /** Its file and its events are deleted. */
  gone: Flag
  /** Which rules and holds were last applied to it, so that nothing is asked twice. */
  swept: string
}

export interface PipelineTables {
  pipeline_batches: BatchesTable
  pipeline_checkpoints: CheckpointsTable
  pipeline_segments: SegmentsTable
}
