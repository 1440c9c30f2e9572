import { totpContext } from '../access/factors/totp.ts'
import { sealContext as caContext } from '../access/machines/authority.ts'
import { secretContext } from '../access/sso/settings.ts'
import { sealedMaskingKey } from '../collect/masking/key.ts'
import { seriesSecretContext } from '../declare/series/pull.ts'
import { iocSecretContext } from '../detect/ioc/store.ts'
import { channelContext, mailServerContext } from '../detect/notify/secrets.ts'
import { sealedCommandKey } from '../hosts/command-key.ts'
import type { DataDir } from '../platform/data-dir.ts'
import { type SealedColumn, sealedColumn } from '../platform/secrets/sealed-columns.ts'
import type { SealedPlace } from '../platform/secrets/sealed-place.ts'
import type { State } from '../platform/state/state.ts'
import { sealedTlsKey } from '../platform/tls/pair-store.ts'
import { contentContext } from '../prove/custody/custody.ts'
import { sealedSigningKey } from '../prove/signing-key.ts'
import { sealedWitnessKey } from '../prove/witness/witness-key.ts'
import { connectionContext } from '../respond/connections/connections.ts'
import { repeatedWriteContext } from './repeated-writes/repeated-writes.ts'

/** Every column that holds sealed values. A rotation that meets one that is not here keeps the old key and says so. */
const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'access_ca', column: 'key', key: ['id'], context: ({ id }) => caContext(String(id)) },
  { table: 'access_totp', column: 'secret', key: ['account_id'], context: ({ account_id }) => totpContext(String(account_id)) },
  { table: 'detect_channels', column: 'secret', key: ['id'], context: ({ id }) => channelContext(String(id)) },
  { table: 'detect_mail_server', column: 'secret', key: ['id'], context: ({ id }) => mailServerContext(String(id)) },
  { table: 'respond_connections', column: 'secret', key: ['id'], context: ({ id }) => connectionContext(String(id)) },
  { table: 'detect_ioc_lists', column: 'secret', key: ['id'], context: ({ id }) => iocSecretContext(String(id)) },
  { table: 'access_sso_providers', column: 'secret', key: ['id'], context: ({ id }) => secretContext(String(id)) },
  { table: 'prove_contents', column: 'sealed_key', key: ['sha256'], context: ({ sha256 }) => contentContext(String(sha256)) },
  { table: 'app_repeated_writes', column: 'answer', key: ['mark'], context: ({ mark }) => repeatedWriteContext(String(mark)) },
  {
    table: 'declare_series',
    column: 'secret',
    key: ['scope', 'id'],
    context: ({ scope, id }) => seriesSecretContext(String(scope), String(id)),
  },
]

/** Everything that is sealed at rest, for the rotation of the seal key. */
export function sealedPlaces(dir: DataDir, state: State): readonly SealedPlace[] {
  return [
    sealedSigningKey(dir.keys),
    sealedWitnessKey(dir.keys),
    sealedTlsKey(dir.keys),
    sealedMaskingKey(dir.keys),
    sealedCommandKey(dir.keys),
    ...SEALED_COLUMNS.map((column) => sealedColumn(state, column)),
  ]
}
