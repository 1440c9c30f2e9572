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
}

export interface PipelineTables {
  pipeline_batches: BatchesTable
  pipeline_checkpoints: CheckpointsTable
  pipeline_segments: SegmentsTable
}
