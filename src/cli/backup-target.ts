/** Where a backup is going. What was written counts as a backup once it is kept. */
export interface BackupTarget {
  /** As a person is told of it. */
  readonly name: string
  write(bytes: AsyncIterable<Uint8Array>, estimate: number): Promise<void>
  /** What was written, as it lies there. */
  read(): AsyncIterable<Uint8Array>
  keep(): Promise<void>
  discard(): Promise<void>
}

/** A backup that is there. */
export interface BackupArchive {
  readonly name: string
  readonly size: number
  read(): AsyncIterable<Uint8Array>
}
