import { Secret, TOTP } from 'otpauth'
import { KanpekiError } from '../../kernel/error.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import type { Db } from '../queries.ts'
import { findTotp, replaceTotp, takeTotpStep } from './queries.ts'

const PERIOD_S = 30
/** One step either way, for clocks that differ and people who type slowly (RFC 6238 §5.2). */
const WINDOW = 1
/** RFC 4226 §4 R6: 160 bits. */
const SECRET_BYTES = 20

/** What the account's secret is sealed for. */
export function totpContext(account: string): string {
  return `access_totp:${account}`
}

/** SHA-1, six digits, 30 s: the one form that every authenticator app reads. */
function totpOf(secret: Secret, issuer = '', label = ''): TOTP {
  return new TOTP({ issuer, label, issuerInLabel: true, algorithm: 'SHA1', digits: 6, period: PERIOD_S, secret })
}

/** Makes a secret that counts for nothing until a code of it was shown; one that was already in use is replaced then. */
export async function beginTotp(
  db: Db,
  sealer: Sealer,
  account: { readonly id: string; readonly name: string; readonly scope: string },
  issuer: string,
  now: number,
): Promise<{ readonly uri: string; readonly secret: string }> {
  if ((await findTotp(db, account.id))?.active === 1) {
    throw new KanpekiError('conflict', 'An authenticator app is set up already.', { remedy: 'Remove it first.' })
  }
  const secret = new Secret({ size: SECRET_BYTES })
  await replaceTotp(db, {
    account_id: account.id,
    scope: account.scope,
    secret: sealer.seal(secret.base32, totpContext(account.id)),
    active: 0,
    last_step: 0,
    created: now,
  })
  return { uri: totpOf(secret, issuer.replaceAll(':', ' '), account.name.replaceAll(':', ' ')).toString(), secret: secret.base32 }
}

/**
 * Takes a code once: neither it nor an earlier one is ever taken again.
 * @param enrolling whether this is the first code of an app that is being set up.
 */
export async function takeTotp(
  db: Db,
  sealer: Sealer,
  account: string,
  code: string,
  now: number,
  enrolling = false,
): Promise<boolean> {
  const row = await findTotp(db, account)
  if (row === undefined || (row.active === 1) === enrolling) return false
  const token = code.normalize('NFKC').replace(/\s/g, '')
  if (!/^\d{6}$/.test(token)) return false
  const totp = totpOf(Secret.fromBase32(sealer.open(row.secret, totpContext(account)).toString()))
  const delta = totp.validate({ token, timestamp: now, window: WINDOW })
  if (delta === null) return false
  return await takeTotpStep(db, account, totp.counter({ timestamp: now }) + delta)
}
