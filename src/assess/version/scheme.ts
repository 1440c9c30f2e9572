/** How an ecosystem orders its versions. */
export interface VersionScheme {
  /** The versioning scheme's name, as a `vers:` range writes it. */
  readonly id: string
  /**
   * Below zero where `a` is the older, zero where they mean the same version. Takes every string, and never throws: what
   * the scheme calls invalid has a place too, the same whichever side it stands on.
   */
  readonly compare: (a: string, b: string) => number
  /** False where the scheme's own rules refuse the version; absent where every string is one. */
  readonly valid?: (version: string) => boolean
  /** The form in which equal versions are written alike, where the scheme has one. */
  readonly normalise?: (version: string) => string
}
