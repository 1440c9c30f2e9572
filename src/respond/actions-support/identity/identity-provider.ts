/** Where people sign in, and what they are signed in with can be ended. */
export interface IdentityProvider {
  readonly name: string
  /** The provider's own id of whoever signs in by this name; undefined where there is nobody. */
  find(account: string, signal: AbortSignal): Promise<string | undefined>
  /** How many sessions are open; undefined where the provider does not say. */
  count(id: string, signal: AbortSignal): Promise<number | undefined>
  /** Ends every session and what was issued in them; ending none is no error. */
  end(id: string, signal: AbortSignal): Promise<void>
}
