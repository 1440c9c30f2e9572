/** Byte strings throughout: one character a byte (0–255), as they came over the wire. */
export interface RequestHead {
  /** What `UNIQUE_ID` is: the transaction's reference, as the block page shows it. */
  readonly uniqueId: string
  readonly remoteAddress: string
  readonly remotePort: number
  readonly serverAddress: string
  readonly serverPort: number
  readonly method: string
  /** The request target as sent: path, query, or an absolute form. */
  readonly target: string
  /** As sent, for example `HTTP/1.1`. */
  readonly protocol: string
  /** In the order of the wire, repeated ones too, names as written. */
  readonly headers: readonly (readonly [string, string])[]
}

export interface ResponseHead {
  readonly status: number
  readonly protocol: string
  readonly headers: readonly (readonly [string, string])[]
}

/** A rule's disruptive action, carried out by whoever holds the connection. */
export interface Interruption {
  readonly ruleId: number
  readonly action: 'deny' | 'drop' | 'redirect'
  readonly status: number
  /** The target of a redirect. */
  readonly location?: string
}

/** One logged match: the rule's id, its message and logged data with macros expanded, and the variable that matched. */
export interface MatchMessage {
  readonly id: number
  readonly msg: string
  readonly data: string
  readonly var: string
}

/** What a transaction leaves behind: the ids that matched and log (`nolog` left out), and their messages. */
export interface TransactionRecord {
  readonly rules: readonly number[]
  readonly messages: readonly MatchMessage[]
  /** The first interruption, also in detection where it was not carried out. */
  readonly interruption?: Interruption
}

/**
 * One request and its response on their way through the rules. The methods are called in this order, each at most
 * once; a method that gives an interruption (only in blocking) ends the calls before `finish`, which is always called.
 */
export interface Transaction {
  /** Phase 1. */
  readonly requestHead: (head: RequestHead) => Interruption | undefined
  /** True where rules want the request's body, so that the connection must hold it back until phase 2. */
  readonly wantsRequestBody: () => boolean
  /** Phase 2, with the whole body (or its first bytes, up to the limit; `truncated` says that there was more). */
  readonly requestBody: (body: Buffer, truncated: boolean) => Interruption | undefined
  /** Phase 3. */
  readonly responseHead: (head: ResponseHead) => Interruption | undefined
  /** True where rules want this response's body (by type and status), so that it must be held back until phase 4. */
  readonly wantsResponseBody: () => boolean
  /** Phase 4. */
  readonly responseBody: (body: Buffer, truncated: boolean) => Interruption | undefined
  /** Phase 5; what is to be logged. */
  readonly finish: () => TransactionRecord
}

/** A compiled rule set: immutable, shared by all transactions of a thread. */
export interface Waf {
  readonly begin: (mode: 'detect' | 'block') => Transaction
  /** Largest bodies held back, in bytes (`SecRequestBodyLimit`, `SecResponseBodyLimit`). */
  readonly requestBodyLimit: number
  readonly responseBodyLimit: number
}
