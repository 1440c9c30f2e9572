import { isArchivePath } from '../../src/prove/verify/archive.ts'
import { parseVerifierKey, type VerifierKey } from '../../src/prove/verify/note.ts'
import { verifyEither, verifyFiles } from '../../src/prove/verify/package.ts'
import type { VerifyReport } from '../../src/prove/verify/report.ts'

/** A file as the browser hands it over. */
export interface GivenFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The keys in a text, one a line; undefined if a line is none. */
export function keysIn(text: string): readonly VerifierKey[] | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '').map((line) => parseVerifierKey(line))
  return keys.includes(undefined) ? undefined : (keys as VerifierKey[])
}

/** Verifies one file, or the several files of a package that was unpacked. Nothing but what `src/prove/verify` says. */
export function check(files: readonly GivenFile[], trusted: readonly VerifierKey[]): Promise<VerifyReport> {
  const [first] = files
  if (first !== undefined && files.length === 1) return verifyEither(first.bytes, first.name, { trusted })
  const named = files.filter(({ name }) => isArchivePath(name)).map(({ name, bytes }) => ({ path: name, bytes }))
  return verifyFiles(named, 'package', { trusted })
}

/** The same members in the same order as `kanpeki verify --json`, without the time it took. */
export function resultOf(report: VerifyReport): object {
  const { signer, size, failures, ...more } = report
  return { ok: report.verdict === 'proved', signer, size, failures, ...more }
}
