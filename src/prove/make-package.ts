import { reportHtml } from '../platform/report/html.ts'
import type { Report } from '../platform/report/model.ts'
import { reportPdf } from '../platform/report/pdf.ts'
import { nativeSha256 } from './batch-root.ts'
import { bundleReport } from './report/compose.ts'
import type { Figures } from './report/words.ts'
import { type ArchiveFile, packArchive } from './verify/archive.ts'
import { type Bundle, formatBundle } from './verify/bundle-format.ts'
import { utf8 } from './verify/bytes.ts'
import { BUNDLE_FILE, MANIFEST_FILE, manifestText } from './verify/package.ts'

export interface PackageDeps {
  readonly figures: Figures
  /** The verifier as one page of HTML; undefined where it was not built. */
  readonly verifier: () => Promise<Uint8Array | undefined>
  /** Signs a note with the log's key. */
  readonly signNote: (text: string) => string
}

/**
 * Puts a bundle, its reports in both languages and the verifier into one archive, with a list of all of them signed by the
 * log's key: what people read is then as surely ours as what is proved.
 */
export async function makePackage(bundle: Bundle, { figures, verifier, signNote }: PackageDeps): Promise<Uint8Array> {
  const page = await verifier()
  const files: readonly ArchiveFile[] = [
    ...(await reportFiles(bundleReport(bundle, 'en', figures), '')),
    ...(await reportFiles(bundleReport(bundle, 'ja', figures), '.ja')),
    ...(page === undefined ? [] : [{ path: 'verifier.html', bytes: page }]),
    { path: BUNDLE_FILE, bytes: utf8(formatBundle(bundle)) },
  ]
  return packArchive([...files, { path: MANIFEST_FILE, bytes: utf8(signNote(manifestText(files, nativeSha256))) }])
}

async function reportFiles(report: Report, mark: string): Promise<readonly ArchiveFile[]> {
  return [
    { path: `report${mark}.html`, bytes: utf8(reportHtml(report)) },
    { path: `report${mark}.pdf`, bytes: await reportPdf(report) },
  ]
}
