export interface Message {
  readonly title: string
  readonly text: string
  /** 1 is gravest. */
  readonly severity: 1 | 2 | 3 | 4 | 5
}

/** Somewhere people are told. Each call is one try; `signal` ends it. */
export interface Messenger {
  readonly name: string
  send(message: Message, mark: string, signal: AbortSignal): Promise<void>
  /** Where what was sent can be taken back. */
  readonly resolve?: (mark: string, signal: AbortSignal) => Promise<void>
}
