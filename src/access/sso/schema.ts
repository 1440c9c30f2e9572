import { z } from 'zod'
import { ROLES } from '../schema.ts'

/** What a group of the identity provider gives; `*` is every scope. */
export const groupRoleSchema = z.object({ role: z.enum(ROLES), scope: z.string().min(1).max(80) })
export type GroupRole = z.infer<typeof groupRoleSchema>

/** Part of the callback address that is registered with the provider, hence never changed. */
export const providerIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
  .refine((id) => !['providers', 'identities'].includes(id), 'is reserved')

const claimSchema = z.string().trim().min(1).max(100)
const domainSchema = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)

const settingsShape = {
  title: z.object({ en: z.string().trim().min(1).max(80), ja: z.string().trim().min(1).max(80) }),
  /** The issuer as the provider's discovery document says it: https, or http on loopback. */
  issuer: z.url({ protocol: /^https?$/ }).max(400),
  clientId: z.string().trim().min(1).max(400),
  /** Besides `openid`, which is always asked for. */
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/)).max(20),
  /** The claim that becomes the account's name. It names new accounts; it never finds existing ones. */
  nameClaim: claimSchema,
  /** The claim that lists a person's groups; null: none is read. */
  groupsClaim: claimSchema.nullable(),
  /** A value of the groups claim → what it gives. */
  groups: z
    .array(z.object({ group: z.string().min(1).max(300), roles: z.array(groupRoleSchema).max(50) }))
    .max(500)
    .refine((groups) => new Set(groups.map(({ group }) => group)).size === groups.length, 'a group is listed twice'),
  /** What everybody of this provider gets; empty: an account without permissions. */
  defaultRoles: z.array(groupRoleSchema).max(50),
  /** Only e-mail addresses of these domains come in; empty: every address, or none. */
  domains: z.array(domainSchema).max(100),
  /**
   * Takes the provider's word for an address that it does not call verified. Safe only where all accounts of the issuer
   * are your own organisation's.
   */
  trustEmail: z.boolean(),
  /** Whether somebody unknown gets an account at the first sign-in. */
  createAccounts: z.boolean(),
  /**
   * How a person whose account SCIM made is known at the first sign-in: this claim equals that SCIM attribute. Never
   * reaches accounts made here. Choose a claim that people cannot change at the provider.
   */
  provisioned: z.object({ claim: claimSchema, attribute: z.enum(['externalId', 'userName']) }).nullable(),
  enabled: z.boolean(),
}

const defaults = {
  scopes: ['profile', 'email'],
  nameClaim: 'preferred_username',
  groupsClaim: null,
  groups: [],
  defaultRoles: [],
  domains: [],
  trustEmail: false,
  createAccounts: false,
  provisioned: null,
  enabled: true,
}

/** What an administrator sees of a provider; the secret is never told. */
export const providerSchema = z.object({
  id: providerIdSchema,
  ...settingsShape,
  hasSecret: z.boolean(),
  /** To be registered with the provider as its redirect URI. */
  callbackUrl: z.string(),
  /** How many accounts are linked to it. */
  accounts: z.number().int(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
})
export type Provider = z.infer<typeof providerSchema>

export const providersSchema = z.object({ items: z.array(providerSchema) })

const secretSchema = z.string().min(1).max(4_000).nullable()

export const newProviderSchema = z.strictObject({
  id: providerIdSchema,
  title: settingsShape.title,
  issuer: settingsShape.issuer,
  clientId: settingsShape.clientId,
  /** Null: a public client, PKCE alone. */
  clientSecret: secretSchema,
  scopes: settingsShape.scopes.default(defaults.scopes),
  nameClaim: settingsShape.nameClaim.default(defaults.nameClaim),
  groupsClaim: settingsShape.groupsClaim.default(defaults.groupsClaim),
  groups: settingsShape.groups.default(defaults.groups),
  defaultRoles: settingsShape.defaultRoles.default(defaults.defaultRoles),
  domains: settingsShape.domains.default(defaults.domains),
  trustEmail: settingsShape.trustEmail.default(defaults.trustEmail),
  createAccounts: settingsShape.createAccounts.default(defaults.createAccounts),
  provisioned: settingsShape.provisioned.default(defaults.provisioned),
  enabled: settingsShape.enabled.default(defaults.enabled),
})

/** Only what is to change. A secret that is left out stays; the issuer stays, since accounts are linked to it. */
export const changedProviderSchema = z
  .strictObject(settingsShape)
  .omit({ issuer: true })
  .extend({ clientSecret: secretSchema })
  .partial()

export const providerParamsSchema = z.object({ id: providerIdSchema })

/** `POST /api/v1/sso/providers/:id/check`: whether the provider answers, before anybody needs it. */
export const providerCheckSchema = z.object({
  ok: z.boolean(),
  /** An error code and text where not `ok`. */
  code: z.string().nullable(),
  message: z.string().nullable(),
})

/** The buttons of the sign-in page. */
export const signInProvidersSchema = z.object({
  items: z.array(z.object({ id: z.string(), title: settingsShape.title })),
  /** `break-glass`: people sign in through a provider; passwords are for break-glass accounts alone. */
  passwordSignIn: z.enum(['allowed', 'break-glass']),
})

/** Why a sign-in through a provider failed: `/sign-in?problem=CODE`, or `/account?problem=CODE` after a link was tried. */
export const SSO_PROBLEMS = [
  /** The sign-in was begun too long ago, in another browser, or used already. */
  'sso_expired',
  /** There is no such provider, or it is switched off. */
  'sso_provider',
  /** The provider does not answer, or not as OpenID Connect asks. */
  'sso_unreachable',
  /** The provider (or the person there) said no. */
  'sso_refused',
  /** What came back does not prove who it is: state, nonce, issuer, signature or time is wrong. */
  'sso_invalid',
  /** Nobody here is linked to this account of the provider, and it may not make one. */
  'sso_no_account',
  /** The e-mail address is missing, not verified, or of a domain that is not allowed. */
  'sso_domain',
  /** An account of that name exists and is not linked: sign in there and link it. */
  'sso_name_taken',
  /** The account was ended. */
  'sso_inactive',
  /** This account of the provider is linked to somebody else. */
  'sso_linked',
  /** Too many sign-ins were begun. */
  'sso_busy',
] as const
export type SsoProblem = (typeof SSO_PROBLEMS)[number]

/** `to`: a path of ours to go to afterwards; anything else becomes `/`. */
export const startQuerySchema = z.object({ to: z.string().max(2_000).optional(), hop: z.string().max(1).optional() })

/** `POST /api/v1/sso/:id/link` answers where to send the browser; the cookie that binds it comes along. */
export const linkStartSchema = z.object({ url: z.string() })

/** A person's own links to providers: `GET /api/v1/sso/identities`, `DELETE /api/v1/sso/identities/:id`. */
export const identitiesSchema = z.object({
  items: z.array(
    z.object({
      id: z.uuid(),
      provider: z.object({ id: z.string(), title: settingsShape.title }),
      /** How the provider calls the person. */
      name: z.string(),
      created: z.iso.datetime(),
      lastUsed: z.iso.datetime().nullable(),
    }),
  ),
})
export const identityParamsSchema = z.object({ id: z.uuid() })
