import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { z } from 'zod'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { flag, jsonText, readJson } from '../../platform/state/columns.ts'
import type { passkeyOptionsSchema, passkeyResponseSchema } from '../people/schema.ts'
import type { PasskeysTable } from '../people/tables.ts'
import type { RelyingParty } from './relying-party.ts'

type Options = z.input<typeof passkeyOptionsSchema>
type Response = z.output<typeof passkeyResponseSchema>

const MOST_A_PERSON = 20
const REASON_LENGTH = 200

/** Loaded when the first passkey is used: it brings a certificate library that costs a start a tenth of a second. */
const library = () => import('@simplewebauthn/server')

/** @param challenge base64url, from `beginStep`. */
export async function registrationOptions(
  party: RelyingParty,
  organisation: string,
  account: { readonly id: string; readonly name: string },
  held: readonly PasskeysTable[],
  challenge: string,
): Promise<Options> {
  if (held.length >= MOST_A_PERSON) {
    throw new KanpekiError('conflict', `A person keeps at most ${MOST_A_PERSON} passkeys.`, { remedy: 'Remove one first.' })
  }
  const { generateRegistrationOptions } = await library()
  const options = await generateRegistrationOptions({
    rpName: organisation,
    rpID: party.id,
    userName: account.name,
    userID: new Uint8Array(Buffer.from(account.id)),
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    attestationType: 'none',
    excludeCredentials: held.map(described),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  return { options: { ...options } }
}

/** @param held the account's passkeys, or none where whoever signs in is not known yet: the browser then offers what it has. */
export async function assertionOptions(party: RelyingParty, held: readonly PasskeysTable[], challenge: string): Promise<Options> {
  const { generateAuthenticationOptions } = await library()
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    userVerification: 'required',
    ...(held.length === 0 ? {} : { allowCredentials: held.map(described) }),
  })
  return { options: { ...options } }
}

/** The new passkey's row. @throws KanpekiError `passkey_refused`. */
export async function readRegistration(
  party: RelyingParty,
  response: Response,
  challenge: string,
  account: { readonly id: string; readonly scope: string },
  name: string,
  now: number,
): Promise<PasskeysTable> {
  const { verifyRegistrationResponse } = await library()
  const verified = await verifyRegistrationResponse({
    // The verifier takes apart and checks what the schema only bounds.
    response: response as unknown as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
  }).catch((error: unknown) => {
    throw refused(messageOf(error))
  })
  if (!verified.verified) throw refused('the attestation does not hold')
  const { credential, credentialBackedUp } = verified.registrationInfo
  return {
    id: credential.id,
    scope: account.scope,
    account_id: account.id,
    name,
    public_key: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: jsonText((credential.transports ?? []).filter((one) => typeof one === 'string').slice(0, 10)),
    synced: flag(credentialBackedUp),
    created: now,
    last_used: null,
  }
}

/**
 * Checks that the passkey signed our challenge at our origin, with its user verified.
 * @returns the authenticator's counter, larger than the one before unless it keeps none.
 * @throws KanpekiError `passkey_refused`; its cause says why, for the evidence and not for the page.
 */
export async function readAssertion(
  party: RelyingParty,
  response: Response,
  challenge: string,
  passkey: PasskeysTable | undefined,
): Promise<number> {
  if (passkey === undefined) throw refused('this passkey is not known')
  const { userHandle } = response.response
  if (userHandle !== undefined && userHandle !== null && userHandle !== Buffer.from(passkey.account_id).toString('base64url')) {
    throw refused('the passkey names another account')
  }
  const { verifyAuthenticationResponse } = await library()
  const verified = await verifyAuthenticationResponse({
    response: response as unknown as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    // Its own check comes before the signature's: ours comes after, so that only the true key can report a regression.
    credential: {
      id: passkey.id,
      publicKey: new Uint8Array(Buffer.from(passkey.public_key, 'base64url')),
      counter: 0,
    },
  }).catch((error: unknown) => {
    throw refused(messageOf(error))
  })
  if (!verified.verified) throw refused('the signature is wrong')
  const { newCounter } = verified.authenticationInfo
  if (passkey.counter > 0 && newCounter <= passkey.counter) {
    throw refused(`its counter went back from ${passkey.counter} to ${newCounter}: there may be a copy of it`)
  }
  return newCounter
}

/** Why a passkey was refused, for the evidence. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof KanpekiError && typeof error.cause === 'string' ? error.cause : messageOf(error)
  return reason.slice(0, REASON_LENGTH)
}

function refused(reason: string): KanpekiError {
  return new KanpekiError('passkey_refused', 'This passkey was not accepted.', {
    remedy: 'Try another passkey or another way to sign in.',
    cause: reason,
  })
}

function described({ id, transports }: PasskeysTable): { id: string; transports: string[] } {
  return { id, transports: readJson<string[]>(transports) }
}
