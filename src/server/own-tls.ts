import type { SecureContextOptions } from 'node:tls'
import type { Authority } from '../access/machines/authority.ts'
import type { Services } from '../app/services.ts'
import { messageOf } from '../kernel/error.ts'
import { openServerTls, type ServerTls } from '../platform/tls/server-tls.ts'
import { usesTls } from '../platform/tls/uses-tls.ts'
import { recordCertificate } from './certificate-evidence.ts'

/** Our certificate for the first port that speaks TLS; undefined where none does. */
export async function openOwnTls({ config, dir, sealer, clock, log, state, drainer }: Services): Promise<ServerTls | undefined> {
  const secure = usesTls(config.values)
  if (!secure && config.values['syslog-tls-port'] === null) return undefined
  const host = secure ? config.values.host : (config.values['syslog-tls-host'] ?? config.values.host)
  const { 'tls-cert': certFile, 'tls-key': keyFile, 'tls-names': more, 'public-url': publicUrl } = config.values
  const names = publicUrl === null ? more : [...more, new URL(publicUrl).hostname.replaceAll(/[[\]]/g, '')]
  const tls = await openServerTls({ host, certFile, keyFile, names }, { folder: dir.keys, sealer, clock, log })
  await recordCertificate(state, clock, tls)
  tls.onChange(() => {
    recordCertificate(state, clock, tls)
      .then(() => drainer.poke())
      .catch((error: unknown) => log.error('a new certificate left no evidence', { reason: messageOf(error) }))
  })
  return tls
}

/** Clients are told which authorities we know, so that browsers offer people no certificate of another. */
export function tlsContext(tls: ServerTls, authority: Authority): () => SecureContextOptions {
  return () => ({ ...tls.context(), ca: authority.trusted().map(({ pem }) => pem) })
}
