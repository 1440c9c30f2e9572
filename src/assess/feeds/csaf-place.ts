import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { type ReadCsafFeed, readCsafFeed } from './csaf-feed.ts'
import { compareRevisions } from './csaf-revision.ts'

/** What vendors publish is no secret: a folder of feeds may be served to other machines. */
const MODE = 0o644

/**
 * Puts a document of CSAF in its place, where only a state of the same document that is older, or another document, may stand.
 * @param from where it comes from, for errors.
 * @throws KanpekiError `feed_invalid`, `vex_invalid`, `disk_full`; the one before stays then.
 */
export async function placeDocument(bytes: Buffer, from: string, file: string): Promise<void> {
  const read = parse(bytes, from)
  const before = await readFile(file).then(
    (old) => parse(old, file).revision,
    () => undefined,
  )
  if (before?.document === read.revision.document && compareRevisions(read.revision, before) < 0)
    throw new KanpekiError('feed_invalid', `${from} is an older state of the document than the one before.`, {
      place: { file },
      remedy: 'The one before stays; remove that file to take the older one.',
    })
  await mkdir(dirname(file), { recursive: true })
  await writeFileAtomically(file, bytes, MODE)
}

function parse(bytes: Buffer, place: string): ReadCsafFeed {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new KanpekiError('feed_invalid', `${place} is no JSON.`, { remedy: 'The one before stays.' })
  }
  return readCsafFeed(value, place)
}
