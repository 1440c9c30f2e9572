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

/** Shows a passkey of this device; with `autofill` among the browser's suggestions for the name field. */
export async function showPasskey(options: Options, autofill = false): Promise<PasskeyResponse> {
  return await inWords(async () => {
    const shown = await startAuthentication({
      optionsJSON: options as unknown as Parameters<typeof startAuthentication>[0]['optionsJSON'],
      useBrowserAutofill: autofill,
    })
    return { ...shown, response: { ...shown.response }, clientExtensionResults: { ...shown.clientExtensionResults } }
  })
}

/** Ends a question that waits among the browser's suggestions. */
export function forgetPasskeyQuestion(): void {
  WebAuthnAbortService.cancelCeremony()
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
