/** Files of a data directory, by path relative to it with forward slashes. Where they are does not matter. */
export interface EvidenceFolder {
  /** Undefined if there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  /** All files below a folder, relative to the data directory; empty if there is none. Absent where nothing can be listed. */
  list?(folder: string): Promise<readonly string[]>
  /** Hash and size of a file that may be too big to hold; undefined if there is none. */
  digest?(path: string): Promise<{ readonly sha256: Uint8Array; readonly bytes: number } | undefined>
}
