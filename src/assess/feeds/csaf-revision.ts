import type { CsafRevision } from './csaf-feed.ts'

/** Below zero where `a` is the older state: by its version (`1.2.3`, or a number), then by when it was released. */
export function compareRevisions(a: CsafRevision, b: CsafRevision): number {
  const [one, other] = [a, b].map(({ version }) => /^\d+(?:\.\d+){0,2}/.exec(version)?.[0].split('.').map(Number) ?? [])
  for (let at = 0; at < 3; at++) {
    const difference = (one![at] ?? 0) - (other![at] ?? 0)
    if (difference !== 0) return difference
  }
  return a.released === b.released ? 0 : a.released < b.released ? -1 : 1
}

/** The files that hold an older state of a document than another file does; of two of the same state all but the last. */
export function olderRevisions(
  files: readonly { readonly file: string; readonly revision: CsafRevision | null }[],
): ReadonlySet<string> {
  const older = new Set<string>()
  const newest = new Map<string, { readonly file: string; readonly revision: CsafRevision }>()
  for (const { file, revision } of files) {
    if (revision === null) continue
    const before = newest.get(revision.document)
    if (before !== undefined && compareRevisions(revision, before.revision) < 0) older.add(file)
    else {
      if (before !== undefined) older.add(before.file)
      newest.set(revision.document, { file, revision })
    }
  }
  return older
}
