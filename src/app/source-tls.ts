import { X509Certificate } from 'node:crypto'
import { machineOf } from '../access/machines/authenticate.ts'
import type { Authority } from '../access/machines/authority.ts'
import type { Db } from '../access/queries.ts'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { SourceTls } from '../kernel/plugin.ts'
import type { ServerTls } from '../platform/tls/server-tls.ts'

export interface SourceTlsDeps {
  readonly tls: ServerTls
  readonly authority: Authority
  readonly db: Db
  readonly clock: Clock
}

/** What sources of a scope serve over TLS: this server's certificate. They let in machines enrolled in that scope. */
export function sourceTls({ tls, authority, db, clock }: SourceTlsDeps): (scope: string) => SourceTls {
  return (scope) => ({
    context() {
      const { cert, key, ciphers, minVersion } = tls.context()
      return { cert, key, ciphers, minVersion, ca: authority.trusted().map(({ pem }) => pem) }
    },
    onChange(listener) {
      const ends = [tls.onChange(listener), authority.onChange(listener)]
      return () => {
        for (const end of ends) end()
      }
    },
    async machineOf(certificate) {
      const machine = await machineOf(new X509Certificate(certificate), db, authority, clock.now())
      if (machine.scope !== scope)
        throw new KanpekiError('unauthenticated', `The machine ${machine.name} is enrolled in another scope.`, {
          remedy: `Enrol it in the scope ${scope}, or send to a source of its own scope.`,
        })
      return machine.name
    },
  })
}
