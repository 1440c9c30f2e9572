import { KanpekiError } from './error.ts'

/** Who did something: the account that answers for it, or where no account did (a file, the command line) nothing. */
export interface Author {
  readonly account: string | null
  readonly name: string
}

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
