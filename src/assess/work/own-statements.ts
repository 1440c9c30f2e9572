import type { Weighed } from '../inventory/view.ts'
import type { OwnStatement } from '../vex/statement.ts'
import { JUSTIFICATIONS } from './schema.ts'

/** What was found and decided, as statements for others: one a vulnerability of a package version, the gravest word of all assets. */
export function ownStatements(weighed: readonly Weighed[]): readonly OwnStatement[] {
  const statements = new Map<string, OwnStatement>()
  for (const one of weighed) {
    const { row } = one.cause
    if (row.kind !== 'package' || row.purl === null || one.state === 'withdrawn') continue
    const key = `${row.id}\u0000${row.purl}`
    const said = statementOf(one, row.purl)
    const before = statements.get(key)
    if (before === undefined || WEIGHT[said.status] > WEIGHT[before.status]) statements.set(key, said)
  }
  return [...statements.values()]
}

const WEIGHT = { fixed: 0, not_affected: 1, under_investigation: 2, affected: 3 } as const

function statementOf({ cause, state, work, due, waiver }: Weighed, purl: string): OwnStatement {
  const { row, names } = cause
  const named = { id: row.id, aliases: names.filter((name) => name !== row.id), purl }
  if (state === 'fixed') return { ...named, status: 'fixed', justification: null, text: '' }
  if (state === 'not-affected' && waiver !== undefined) {
    const justification = JUSTIFICATIONS.find((one) => waiver.why.startsWith(one)) ?? null
    const text = justification === null ? waiver.why : waiver.why.slice(justification.length).replace(/^: /, '')
    return { ...named, status: 'not_affected', justification, text: text === '' && justification === null ? '-' : text }
  }
  if (state === 'accepted' && waiver !== undefined)
    return {
      ...named,
      status: 'affected',
      justification: null,
      text: `Accepted until ${new Date(waiver.exception.expires).toISOString().slice(0, 10)}.`,
    }
  if (work === undefined) return { ...named, status: 'under_investigation', justification: null, text: '' }
  const until = due === undefined ? '' : ` by ${new Date(due.at).toISOString().slice(0, 10)}`
  const fix =
    cause.fixed.length === 0 ? 'No fix is known; it is being watched.' : `Update to ${cause.fixed.join(' or ')}${until}.`
  return { ...named, status: 'affected', justification: null, text: fix }
}
