const DAY_MS = 86_400_000
/** A certificate that ends sooner than this has missed its renewal (which comes after two thirds of its life). */
const SOON_DAYS = 7

export type CertificateState = 'good' | 'ending' | 'ended' | 'revoked'

export function certificateState(
  agent: { readonly certificateExpires: string | null; readonly revoked: string | null },
  now: number,
): CertificateState {
  if (agent.revoked !== null) return 'revoked'
  if (agent.certificateExpires === null) return 'ended'
  const left = Date.parse(agent.certificateExpires) - now
  return left <= 0 ? 'ended' : left < SOON_DAYS * DAY_MS ? 'ending' : 'good'
}
