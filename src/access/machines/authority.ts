import { randomUUID, X509Certificate } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Caller } from '../../platform/http/route.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import type { Db } from '../queries.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { insertAuthority, retireAuthoritiesBut, revokedCertificates, trustedAuthorities } from './queries.ts'
import type { CaTable } from './tables.ts'
import type { IssuedCertificate, Signer } from './x509.ts'

const DAY_MS = 86_400_000
/** How long a machine's certificate lasts. */
export const CERTIFICATE_LIFE_MS = 90 * DAY_MS
/** After a rotation the authority before is trusted until its last certificate has ended. */
const OVERLAP_MS = CERTIFICATE_LIFE_MS
/** An authority is replaced this long before its end. */
const ROTATE_BEFORE_MS = 2 * CERTIFICATE_LIFE_MS
const CRL_KEPT_MS = 60_000

const OURSELVES: Pick<Caller, 'id' | 'name' | 'scope'> = { id: 'kanpeki', name: 'Kanpeki', scope: DEFAULT_SCOPE }

export interface AuthorityDeps {
  readonly db: Db
  readonly record: AccessDeps['record']
  readonly sealer: Sealer
  readonly clock: Clock
}

export interface TrustedAuthority {
  readonly id: string
  readonly pem: string
  readonly certificate: X509Certificate
  readonly trustedUntil: number
}

/** The authority that issues certificates for machines. Its key lies sealed in the state store. */
export interface Authority {
  /** Those whose certificates are good now, the issuing one first; empty before `ensure`. */
  trusted(): readonly TrustedAuthority[]
  /** Makes the first authority, and the next one before it ends. */
  ensure(): Promise<void>
  /** Begins a new authority; the one before is trusted until its certificates have ended, 90 days at most. */
  rotate(by: Pick<Caller, 'id' | 'name' | 'scope'>): Promise<TrustedAuthority>
  /** @throws KanpekiError `bad_csr`, `no_tls` before `ensure`. */
  issue(csr: string, agent: string, now: number): Promise<IssuedCertificate & { readonly caId: string }>
  /** Revocation list of the issuing authority, or of the one with this id; undefined if there is none. DER. */
  crl(id?: string): Promise<Uint8Array | undefined>
  /** Something was revoked: the next list is made anew. */
  revoked(): void
  /** Calls back after a rotation; answers what ends that. */
  onChange(listener: () => void): () => void
}

export function sealContext(id: string): string {
  return `access_ca:${id}`
}

export async function openAuthority(deps: AuthorityDeps): Promise<Authority> {
  const { db, sealer, clock } = deps
  let rows: readonly CaTable[] = []
  let known: readonly TrustedAuthority[] = []
  const signers = new Map<string, Promise<Signer>>()
  const lists = new Map<string, { readonly until: number; readonly der: Promise<Uint8Array> }>()
  const listeners = new Set<() => void>()

  async function reload(): Promise<void> {
    rows = await trustedAuthorities(db, clock.now())
    known = rows.map(({ id, certificate, trusted_until: trustedUntil }) => ({
      id,
      pem: certificate,
      certificate: new X509Certificate(certificate),
      trustedUntil,
    }))
  }

  async function signerOf(row: CaTable): Promise<Signer> {
    // The library for certificates is loaded by the first that needs it: it costs a tenth of a second.
    const opened =
      signers.get(row.id) ??
      import('./x509.ts').then(({ openSigner }) => openSigner(row.certificate, sealer.open(row.key, sealContext(row.id))))
    signers.set(row.id, opened)
    return await opened
  }

  async function rotate(by: Pick<Caller, 'id' | 'name' | 'scope'>): Promise<TrustedAuthority> {
    const { makeAuthority } = await import('./x509.ts')
    const now = clock.now()
    const made = await makeAuthority(now)
    const id = randomUUID()
    const before = rows[0]?.id ?? null
    await deps.record(async (trx) => {
      const key = sealer.seal(made.key, sealContext(id))
      const row = { id, scope: DEFAULT_SCOPE, certificate: made.certificate, key, created: now, trusted_until: made.notAfter }
      await insertAuthority(trx, row)
      await retireAuthoritiesBut(trx, id, now + OVERLAP_MS)
      return {
        result: undefined,
        evidence: [
          adminEvidence(by, now, before === null ? 'ca.create' : 'ca.rotate', {
            authority: id,
            before,
            overlapDays: OVERLAP_MS / DAY_MS,
          }),
        ],
      }
    })
    await reload()
    for (const listener of listeners) listener()
    const [issuing] = known
    if (issuing === undefined) throw new KanpekiError('internal', 'The authority just made is not there.')
    return issuing
  }

  await reload()
  return {
    trusted: () => known.filter(({ trustedUntil }) => trustedUntil > clock.now()),
    async ensure() {
      const [issuing] = known
      if (issuing === undefined || issuing.certificate.validToDate.getTime() - clock.now() < ROTATE_BEFORE_MS)
        await rotate(OURSELVES)
    },
    rotate,
    async issue(csr, agent, now) {
      const [row] = rows
      if (row === undefined)
        throw new KanpekiError('no_tls', 'Machines are known by certificates, and this server does not speak TLS.', {
          remedy: 'Start it with --host ADDRESS, or with --tls on.',
        })
      const signer = await signerOf(row)
      const { issueCertificate } = await import('./x509.ts')
      return { ...(await issueCertificate(signer, csr, agent, now, CERTIFICATE_LIFE_MS)), caId: row.id }
    },
    async crl(id) {
      const row = id === undefined ? rows[0] : rows.find((one) => one.id === id)
      if (row === undefined) return undefined
      const now = clock.now()
      const kept = lists.get(row.id)
      if (kept !== undefined && kept.until > now) return await kept.der
      const der = signerOf(row).then(async (signer) => {
        const { makeCrl } = await import('./x509.ts')
        return await makeCrl(signer, await revokedCertificates(db, row.id, now), now)
      })
      lists.set(row.id, { until: now + CRL_KEPT_MS, der })
      der.catch(() => lists.delete(row.id))
      return await der
    },
    revoked: () => lists.clear(),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
