import type { ParseContext, ParsedEvent, RawRecord, Unknown } from './event.ts'

/** What needs a person but does not stop a source. */
export interface SourceProblem {
  /** What kind of problem it is, for programs and translations. */
  readonly code: string
  /** English; names what it is about. */
  readonly text: string
}

/** What the supervisor gives a running source. */
export interface SourceContext {
  /** Whose events these are; the shared scope where absent. */
  readonly scope?: string
  readonly signal: AbortSignal
  /** Where this source may keep its own position between restarts (file offsets). */
  readonly positions: PositionStore
  readonly log: (message: string, detail?: Record<string, unknown>) => void
  /**
   * Says (or, with undefined, takes back) what needs a person but does not stop the source: a file that may not be
   * read. `key` names the thing, so that a repeated call replaces what was said.
   */
  readonly problem?: (key: string, problem: SourceProblem | undefined) => void
  /** Asked before a file is opened that the source's settings name: why it may not be read, undefined if it may. */
  readonly refusal?: (path: string) => Promise<string | undefined>
  /** For sources that listen; undefined where this server has no certificate. */
  readonly tls?: SourceTls
}

/** What a source that listens over TLS serves, and whom it lets in. Texts are PEM. */
export interface SourceTls {
  /** What is served now; `ca` are the authorities whose client certificates are good. */
  context(): {
    readonly cert: string
    readonly key: string
    readonly ca: readonly string[]
    readonly ciphers: string
    readonly minVersion: 'TLSv1.2'
  }
  /** Calls back after that changed; answers what ends it. */
  onChange(listener: () => void): () => void
  /**
   * The name of the machine that this client certificate (DER) was issued to.
   * @throws KanpekiError with the reason, where it is none of the source's scope or was revoked.
   */
  machineOf(certificate: Uint8Array): Promise<string>
}

/** Durable key→text store for source positions. `set` resolves only after the text is on disk. */
export interface PositionStore {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
}

/**
 * A group of records with what to do once they are durably committed. `acknowledge` is called exactly once,
 * after the commit; it is never called if the commit failed, and the source must then offer the records again.
 */
export interface SourceBatch {
  readonly records: readonly RawRecord[]
  /** Bytes of the records as they came in; estimated from the text where absent. */
  readonly bytes?: number
  /** Records known to be lost before these (a full socket, a file that vanished unread); a batch may carry nothing else. */
  readonly gaps?: number
  acknowledge(): Promise<void> | void
}

/** Records come out of `open`; throwing makes the supervisor restart it with back-off. Retries are not the source's business. */
export interface Source<Config> {
  readonly id: string
  open(config: Config, context: SourceContext): AsyncIterable<SourceBatch>
}

/** Pure; never throws. `accepts` is cheap and may be wrong; `parse` then returns an Unknown with the reason. */
export interface Parser {
  readonly id: string
  accepts(record: RawRecord): boolean
  parse(record: RawRecord, context: ParseContext): readonly ParsedEvent[] | Unknown
}
