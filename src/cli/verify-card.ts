import { readFile } from 'node:fs/promises'
import { readCard } from '../declare/load.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { findCard } from '../prove/verify/cards.ts'
import type { VerifyReport } from '../prove/verify/report.ts'
import { knownMeasures } from './declare.ts'

/**
 * Looks whether the log holds this very version of a card, whatever its comments and order: which entries wrote it, signed it and
 * put it in force. One that it does not hold is a failure.
 * @throws KanpekiError `usage` for a file that is no card.
 */
export async function checkCardFile(report: VerifyReport, file: string): Promise<VerifyReport> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new KanpekiError('usage', `${file} cannot be read: ${messageOf(error)}.`)
  })
  const read = readCard(text, file, knownMeasures())
  if ('problems' in read) {
    const [first] = read.problems
    throw new KanpekiError('usage', `${file} is no card: ${first?.message ?? ''}`, { place: { file } })
  }
  const { id } = read.card
  const { found, inForce } = findCard(report.cards, id, read.hash)
  const short = read.hash.slice(0, 12)
  if (found.length === 0) {
    const other = inForce === undefined ? '' : `; in force is ${inForce.hash.slice(0, 12)} (entry ${inForce.index})`
    const reason = `no version of ${id} in the log is this one (${short})${other}`
    const failure = { path: file, leaf: inForce?.index ?? null, code: 'card_mismatch' as const, reason }
    return { ...report, verdict: 'failed', failures: [...report.failures, failure] }
  }
  const said = found.map(({ change, index }) => `${change} by entry ${index}`).join(', ')
  const over = inForce !== undefined && inForce.hash !== read.hash ? `; another is in force (entry ${inForce.index})` : ''
  return { ...report, notes: [...report.notes, `${file}: version ${short} of ${id}, ${said}${over}.`] }
}
