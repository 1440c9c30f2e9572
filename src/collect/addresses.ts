/** Where senders reach this server. */
export interface Addresses {
  /** Origin without a trailing slash. */
  readonly url: string
  /** Origin of the compatibility listener, if it is open. */
  readonly compat?: string
  /** Where GELF is taken, if it is. */
  readonly gelf?: { readonly host: string; readonly port: number }
  /** Where syslog over TLS is taken, if it is. */
  readonly syslogTls?: { readonly host: string; readonly port: number }
  /** Undefined while no syslog source listens. */
  readonly syslog: { readonly host: string; readonly port: number } | undefined
}
