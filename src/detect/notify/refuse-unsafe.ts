import { KanpekiError } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'

/**
 * Says at once what each try would say later: an address that may not be called, or one that sends alerts in the clear.
 * @throws KanpekiError `invalid_input`, `outgoing_refused`, `outgoing_failed`.
 */
export async function refuseUnsafe(outgoing: Pick<Outgoing, 'addressesOf'>, url: string): Promise<void> {
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '')
    throw new KanpekiError('invalid_input', 'A user or a password does not belong into the address.', {
      remedy: 'Messages are signed; the receiver checks the signature.',
    })
  const addresses = await outgoing.addressesOf(hostname.replace(/^\[(.*)\]$/, '$1'))
  const here = addresses.every(({ address }) => address === '::1' || address.startsWith('127.'))
  if (protocol !== 'https:' && !here)
    throw new KanpekiError('invalid_input', 'A webhook outside this host needs https.', { remedy: 'Write https://….' })
}
