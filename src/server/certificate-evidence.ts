import type { Clock } from '../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import { settingsOf } from '../platform/state/settings.ts'
import type { State } from '../platform/state/state.ts'
import type { ServerTls } from '../platform/tls/server-tls.ts'

const LAST_SHOWN = 'tls.fingerprint'

/** Leaves evidence of the certificate that the server shows, if it is another than the last one it showed. */
export async function recordCertificate(state: State, clock: Clock, { current, from }: ServerTls): Promise<void> {
  const settings = settingsOf(state)
  if ((await settings.get(LAST_SHOWN)) === current.fingerprint) return
  const now = clock.now()
  const body = {
    action: 'certificate.replace',
    by: { id: 'kanpeki', name: 'Kanpeki' },
    from,
    fingerprint: current.fingerprint,
    names: [...current.names],
    until: new Date(current.notAfter).toISOString(),
  }
  await state.transaction((trx) =>
    recordEvidence(trx, [{ type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }], clock),
  )
  await settings.set(LAST_SHOWN, current.fingerprint)
}
