/** What a ticket says; title on one line, both without anything unseen. */
export interface Ticket {
  readonly title: string
  readonly text: string
  /** 1 is gravest. */
  readonly severity: 1 | 2 | 3 | 4 | 5
}

export interface OpenedTicket {
  /** What the system itself needs to find it. */
  readonly id: string
  /** What people call it. */
  readonly number: string
  readonly url?: string
}

/** A system that keeps tickets. Each call is one try; `signal` ends it. */
export interface TicketSystem {
  readonly name: string
  open(ticket: Ticket, mark: string, signal: AbortSignal): Promise<OpenedTicket>
  /** The ticket that was opened with this mark; undefined where there is none, or where the system cannot be asked. */
  find(mark: string, signal: AbortSignal): Promise<OpenedTicket | undefined>
  /** Says why, and closes it. */
  close(ticket: OpenedTicket, note: string, signal: AbortSignal): Promise<void>
}
