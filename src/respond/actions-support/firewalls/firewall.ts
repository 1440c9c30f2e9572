/** A place that keeps addresses out. Each call is one try; `signal` ends it. */
export interface Firewall {
  readonly name: string
  /** Who put the address there: a step's key, `''` for somebody else; undefined where it is not kept out. */
  holder(address: string, signal: AbortSignal): Promise<string | undefined>
  /** Keeps it out from when this resolves; right to repeat. */
  block(address: string, key: string, signal: AbortSignal): Promise<void>
  /** Right to repeat, also where it is not kept out. */
  unblock(address: string, signal: AbortSignal): Promise<void>
}
