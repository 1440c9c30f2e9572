import type { WaitingApproval } from '../kernel/duties.ts'
import { readJson } from '../platform/state/columns.ts'
import { baseOf, requiredSignatures } from './four-eyes.ts'
import { allCards, type Db, signaturesOf, versionsOf } from './queries.ts'
import type { Card } from './schema.ts'
import { approversOf, authorOf, countsNow, maySign } from './versions.ts'

/** Versions of cards that lack signatures: those that wait to come into force, and those in force that hold no badge yet. */
export async function waitingCards(db: Db): Promise<readonly WaitingApproval[]> {
  const waiting: WaitingApproval[] = []
  for (const row of await allCards(db)) {
    const signatures = await signaturesOf(db, row.id)
    for (const version of await versionsOf(db, row.id)) {
      if (version.state === 'past') continue
      const card = readJson<Card>(version.document)
      const given = signatures.filter(({ hash, at }) => hash === version.hash && countsNow(at, row))
      const signers = new Set(given.map(({ signer_id }) => signer_id))
      const required =
        version.hash === row.hash
          ? Math.max(row.required ?? 0, card.signatures)
          : requiredSignatures(await baseOf(db, row), card, authorOf(version))
      const needed = required - signers.size
      if (needed <= 0) continue
      const approvers = await approversOf(db, row, card)
      waiting.push({
        kind: 'card',
        id: row.id,
        version: version.version,
        title: card.name,
        author: authorOf(version),
        since: version.at,
        needed,
        accepts: (person) =>
          person.permissions.has('cards:approve') &&
          !signers.has(person.id) &&
          maySign(approvers, { ...person, permissions: person.permissions as ReadonlySet<never> }),
      })
    }
  }
  return waiting
}
