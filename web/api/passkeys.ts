import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
  WebAuthnError,
} from '@simplewebauthn/browser'
import type { z } from 'zod'
import type { passkeyOptionsSchema, passkeyResponseSchema } from '../../src/access/people/schema.ts'
import { Problem } from './problem.ts'

type Options = z.infer<typeof passkeyOptionsSchema>['options']
type PasskeyResponse = z.infer<typeof passkeyResponseSchema>

export const passkeysWork: () => boolean = browserSupportsWebAuthn
export const passkeysAutofill: () => Promise<boolean> = browserSupportsWebAuthnAutofill

/** Makes a passkey on this device. Throws Problem `passkey_cancelled`, `passkey_known` or `passkey_failed`. */
export async function makePasskey(options: Options): Promise<PasskeyResponse> {
  return await inWords(async () => {
    const made = await startRegistration({
      optionsJSON: options as unknown as Parameters<typeof startRegistration>[0]['optionsJSON'],
    })
    return { ...made, response: { ...made.response }, clientExtensionResults: { ...made.clientExtensionResults } }
  })
}

/** Shows a passkey of this device. */
export function showPasskey(options: Options): Promise<PasskeyResponse> {
  return show(options, false)
}

/**
 * Offers the passkeys of this device among the browser's suggestions for the name field, until one is chosen or `signal`
 * ends it. It never interrupts a question that the person has asked for: the browser holds only one at a time.
 */
export async function suggestPasskey(options: Options, signal: AbortSignal): Promise<PasskeyResponse> {
  signal.throwIfAborted()
  const end = (): void => WebAuthnAbortService.cancelCeremony()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await show(options, true)
  } finally {
    signal.removeEventListener('abort', end)
  }
}

async function show(options: Options, autofill: boolean): Promise<PasskeyResponse> {
  return await inWords(async () => {
    const shown = await startAuthentication({
      optionsJSON: options as unknown as Parameters<typeof startAuthentication>[0]['optionsJSON'],
      useBrowserAutofill: autofill,
    })
    return { ...shown, response: { ...shown.response }, clientExtensionResults: { ...shown.clientExtensionResults } }
  })
}

async function inWords<T>(ceremony: () => Promise<T>): Promise<T> {
  try {
    return await ceremony()
  } catch (error) {
    const known = error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED'
    const cancelled = error instanceof Error && (error.name === 'NotAllowedError' || error.name === 'AbortError')
    throw new Problem(0, {
      code: known ? 'passkey_known' : cancelled ? 'passkey_cancelled' : 'passkey_failed',
      detail: error instanceof Error ? error.message : String(error),
    })
  }
}
