import { KanpekiError } from './error.ts'

/** Who did something: the account that answers for it, or where no account did (a file, the command line) nothing. */
export interface Author {
  readonly account: string | null
  readonly name: string
}

/** A person who may approve something, as far as duties go. */
export interface Approver {
  readonly kind: 'person'
  readonly id: string
  readonly name: string
  readonly account: string
  readonly roles: readonly string[]
  /** Permissions in the scope that the item is of. */
  readonly permissions: ReadonlySet<string>
}

/**
 * Something that waits for approval, as the room that keeps it tells the room that watches over duties. A room whose
 * items need approval gives a list of these for a scope; it is wired in the server beside the others.
 */
export interface WaitingApproval {
  /** `card`, `rule`, `exception`, `playbook` … */
  readonly kind: string
  readonly id: string
  readonly version: string
  readonly title: { readonly en: string; readonly ja: string }
  readonly author: Author
  /** Milliseconds UTC. */
  readonly since: number
  /** How many more people have to approve. */
  readonly needed: number
  /** Whether the item would take this person's approval, leaving aside that they may be its author. */
  readonly accepts: (person: Approver) => boolean
}

export type WaitingApprovals = (scope: string) => Promise<readonly WaitingApproval[]>

/**
 * Separation of duties (NIST SP 800-53 AC-5): whoever wrote something does not approve it. What came from outside any
 * account (a file under version control) has no author here, and anyone entitled may approve it.
 * @throws KanpekiError `own_approval`.
 */
export function refuseOwnApproval(author: Author, approver: Author, what: string): void {
  if (author.account === null || author.account !== approver.account) return
  throw new KanpekiError('own_approval', `${approver.name} wrote ${what} and may not approve it.`, {
    remedy: 'Ask another person who holds the role approver; an administrator can invite one under Settings.',
  })
}

/** An exception, in any room, that a second person approves or refuses. Times are milliseconds UTC. */
export interface Proposed {
  readonly state: string
  readonly author_account: string | null
  readonly author_name: string
  readonly created: number
  readonly expires: number
}

/**
 * What the second person's decision changes: approved, it lasts from now on as long as it was asked for.
 * @throws KanpekiError `conflict` where it was decided, `forbidden` for a token of nobody's, `own_approval`.
 */
export function decisionOn(row: Proposed, decision: 'approve' | 'refuse', by: Author, now: number) {
  if (row.state !== 'waiting') throw new KanpekiError('conflict', 'It was decided already.')
  if (by.account === null)
    throw new KanpekiError('forbidden', 'Exceptions are approved by people.', { remedy: 'Sign in to approve it.' })
  const author = { account: row.author_account, name: row.author_name }
  refuseOwnApproval(author, by, 'this exception')
  return {
    state: decision === 'approve' ? ('active' as const) : ('refused' as const),
    decided_account: by.account,
    decided_name: by.name,
    decided: now,
    expires: decision === 'approve' ? now + (row.expires - row.created) : row.expires,
  }
}
