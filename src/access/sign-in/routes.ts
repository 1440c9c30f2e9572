import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { relyingParty } from '../factors/relying-party.ts'
import {
  confirmedSchema,
  confirmSchema,
  passkeyOptionsSchema,
  passkeySignInOptionsSchema,
  passkeySignInSchema,
  signInCodeSchema,
  signInOffersSchema,
  signInReplySchema,
} from '../people/schema.ts'
import type { AccessDeps } from '../routes-deps.ts'
import { sessionSchema, signInSchema } from '../schema.ts'
import { createBeginLimit } from './begin-limit.ts'
import { confirm, confirmChallenge } from './confirm.ts'
import { passkeyChallenge, signInByCode, signInByPasskey, signInByPassword } from './sign-in.ts'

/** Signing in, in one step or two, and showing again who one is. */
export function signInRoutes(deps: AccessDeps): Route[] {
  const limit = createBeginLimit()
  return [
    route({
      method: 'GET',
      path: '/api/v1/sign-in',
      permission: 'public',
      summary: 'What the sign-in page may offer at this address',
      response: signInOffersSchema,
      handle: async ({ request }) => {
        try {
          relyingParty(deps.origin(), request)
          return { passkeys: true }
        } catch (error) {
          if (error instanceof KanpekiError && error.code === 'passkeys_unavailable') return { passkeys: false }
          throw error
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/session',
      permission: 'public',
      summary: 'Sign in by name and password; answers what else is asked for where there is a second factor',
      body: signInSchema,
      response: signInReplySchema,
      handle: ({ body, request }) => signInByPassword(deps, body.name, body.password, request),
    }),
    route({
      method: 'POST',
      path: '/api/v1/session/code',
      permission: 'public',
      summary: 'The second step by a code of the authenticator app or a recovery code',
      body: signInCodeSchema,
      response: sessionSchema,
      handle: ({ body, request }) => signInByCode(deps, body, request),
    }),
    route({
      method: 'POST',
      path: '/api/v1/session/passkey/options',
      permission: 'public',
      summary: 'A challenge for a passkey, alone or as the second step',
      body: passkeySignInOptionsSchema,
      response: passkeyOptionsSchema,
      handle: ({ body, request }) => {
        limit(request, deps.clock.now())
        return passkeyChallenge(deps, body.ticket, request)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/session/passkey',
      permission: 'public',
      summary: 'Sign in by a passkey, alone or as the second step',
      body: passkeySignInSchema,
      response: sessionSchema,
      handle: ({ body, request }) => signInByPasskey(deps, body.ticket, body.response, request),
    }),
    route({
      method: 'POST',
      path: '/api/v1/session/confirm/options',
      permission: 'session',
      summary: 'A challenge to show again by a passkey who one is',
      body: z.object({}),
      response: passkeyOptionsSchema,
      handle: ({ caller, request }) => confirmChallenge(deps, caller, request),
    }),
    route({
      method: 'POST',
      path: '/api/v1/session/confirm',
      permission: 'session',
      summary: 'Show again who one is, for what asks for it',
      body: confirmSchema,
      response: confirmedSchema,
      handle: ({ body, caller, request }) => confirm(deps, caller, body, request),
    }),
  ]
}
