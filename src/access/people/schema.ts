import { z } from 'zod'
import { auditPeriod, nameSchema, passwordSchema, ROLES, sessionSchema, tokenSchema } from '../schema.ts'

const time = z.iso.datetime()
const secretText = z.string().min(1).max(200)
const label = z.string().trim().min(1).max(80)

// ── Signing in ──

/** What can be shown after the password: a code, a passkey, or a recovery code. */
export const STEPS = ['otp', 'passkey', 'recovery'] as const

/** The password was right and something more is asked for; `ticket` goes along with it and works in this browser only. */
export const nextStepSchema = z.object({
  /** What to ask for first; `offers` are all that will do. */
  next: z.enum(STEPS),
  offers: z.array(z.enum(STEPS)),
  ticket: z.string(),
  expires: time,
})
export const signInReplySchema = z.union([sessionSchema, nextStepSchema])

/** A code of the authenticator app (six digits) or a recovery code, as `step` says. */
export const signInCodeSchema = z.object({
  ticket: secretText,
  step: z.enum(['otp', 'recovery']),
  code: z.string().min(1).max(40),
})

/** What @simplewebauthn/browser takes as `optionsJSON`; `challenge` inside is ours, and good for five minutes. */
export const passkeyOptionsSchema = z.object({ options: z.looseObject({ challenge: z.string() }) })

/** What @simplewebauthn/browser answers. The verifier checks every part; this only bounds it. */
export const passkeyResponseSchema = z.looseObject({
  id: z.string().min(1).max(1400),
  rawId: z.string().min(1).max(1400),
  type: z.literal('public-key'),
  response: z.looseObject({ clientDataJSON: z.string().min(1).max(4096) }),
  clientExtensionResults: z.looseObject({}).default({}),
})

/** Without a ticket the passkey signs in alone. */
export const passkeySignInOptionsSchema = z.object({ ticket: secretText.optional() })
export const passkeySignInSchema = z.object({ ticket: secretText.optional(), response: passkeyResponseSchema })

/** What the sign-in page may offer here. */
export const signInOffersSchema = z.object({ passkeys: z.boolean() })

/** Showing again who one is: the second factor where the account has one, its password otherwise. */
export const confirmSchema = z.discriminatedUnion('by', [
  z.object({ by: z.literal('password'), password: z.string().min(1).max(256) }),
  z.object({ by: z.literal('otp'), code: z.string().min(1).max(40) }),
  z.object({ by: z.literal('passkey'), response: passkeyResponseSchema }),
])
export const confirmedSchema = z.object({ until: time })

// ── One's own account ──

export const ownSessionSchema = z.object({
  id: z.string(),
  address: z.string(),
  agent: z.string(),
  since: time,
  lastUsed: time,
  expires: time,
  methods: z.array(z.string()),
  current: z.boolean(),
})
export const sessionListSchema = z.object({ items: z.array(ownSessionSchema) })
export const endedSchema = z.object({ ended: z.number().int() })

export const passkeySchema = z.object({
  id: z.string(),
  name: z.string(),
  created: time,
  lastUsed: time.nullable(),
  /** Kept by a provider that copies it to the person's other devices. */
  synced: z.boolean(),
})

export const factorsSchema = z.object({
  password: z.boolean(),
  totp: z.object({ since: time }).nullable(),
  passkeys: z.array(passkeySchema),
  recoveryCodesLeft: z.number().int(),
  /** Why no passkey can be made at this address; null where it can. */
  passkeysRefused: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
  /** By what `POST /api/v1/session/confirm` will be satisfied; empty: sign in again. */
  confirmBy: z.array(z.enum(['password', 'otp', 'passkey'])),
})

export const changePasswordSchema = z.object({ current: z.string().max(256), password: passwordSchema })

/** `uri` is for the QR code, `secret` (base32) for typing; both are told only here. */
export const totpBegunSchema = z.object({ uri: z.string(), secret: z.string() })
export const totpConfirmSchema = z.object({ code: z.string().min(1).max(40) })
/** Codes to keep on paper, told once; null where earlier ones are still good. */
export const recoverySchema = z.object({ codes: z.array(z.string()).nullable() })

export const newPasskeySchema = z.object({ name: label, response: passkeyResponseSchema })
export const madePasskeySchema = z.object({ passkey: passkeySchema, codes: z.array(z.string()).nullable() })
export const passkeyParamsSchema = z.object({ id: z.string().min(1).max(1400) })
export const renamePasskeySchema = z.object({ name: label })

// ── People ──

export const scopeNameSchema = z.string().min(1).max(80)
export const assignmentSchema = z.object({ role: z.enum(ROLES), scope: scopeNameSchema })
export const heldSchema = assignmentSchema.extend({ origin: z.enum(['local', 'oidc', 'scim']) })

export const personSchema = z.object({
  id: z.string(),
  /** Typed to sign in. */
  name: z.string(),
  /** Shown on pages; empty for the name. */
  display: z.string(),
  email: z.string().nullable(),
  /** The scope they were made in. */
  scope: z.string(),
  origin: z.enum(['local', 'oidc', 'scim']),
  active: z.boolean(),
  breakGlass: z.boolean(),
  roles: z.array(heldSchema),
  /** Pairs of duties that one person should not hold together, with the scope where they meet. */
  conflicts: z.array(z.object({ roles: z.tuple([z.enum(ROLES), z.enum(ROLES)]), scope: z.string() })),
  password: z.boolean(),
  secondFactor: z.boolean(),
  /** A link was made and not used yet: until when it works. */
  invited: time.nullable(),
  created: time,
  lastSeen: time.nullable(),
  sessions: z.number().int(),
  /** What of the ledger this person sees as an outside auditor in the caller's scope; null where all of it. */
  auditPeriod: auditPeriod.nullable(),
  /** Whether the caller may change this person. */
  editable: z.boolean(),
})
export const peopleSchema = z.object({
  items: z.array(personSchema),
  /** The roles and scopes that the caller may give. */
  grantable: z.array(assignmentSchema),
})

const email = z.email().max(254).nullable()
export const invitePersonSchema = z.object({
  name: nameSchema,
  display: z.string().trim().max(80).default(''),
  email: email.default(null),
  roles: z.array(assignmentSchema).max(100),
})
/** The link is told once; whoever has it sets the password. */
export const linkSchema = z.object({ link: z.string(), expires: time })
export const invitedPersonSchema = z.object({ person: personSchema, invite: linkSchema })
export const changePersonSchema = z.object({
  display: z.string().trim().max(80).optional(),
  email: email.optional(),
  active: z.boolean().optional(),
})
export const changedPersonSchema = z.object({
  person: personSchema,
  /** What ended with a deactivation. */
  ended: z.object({ sessions: z.number().int(), tokens: z.number().int() }),
  /** Ingest tokens that this person made: they still work, since shippers would lose data, and have to be rotated. */
  rotate: z.array(tokenSchema.pick({ id: true, name: true, lastUsed: true }).extend({ scope: z.string() })),
})
export const setRolesSchema = z.object({ roles: z.array(assignmentSchema).max(100) })
/** `factors`: also removes the authenticator app, passkeys and recovery codes, once the link is used. */
export const resetPersonSchema = z.object({ factors: z.boolean().default(false) })
export const personParamsSchema = z.object({ id: z.string().min(1).max(80) })
export const personSessionParamsSchema = personParamsSchema.extend({ session: z.string().min(1).max(80) })

// ── One-time links ──

export const linkQuerySchema = z.object({ token: secretText })
/** For a link that does not work only `valid` tells anything. */
export const linkStatusSchema = z.object({
  valid: z.boolean(),
  kind: z.enum(['invite', 'reset']).nullable(),
  name: z.string().nullable(),
  organisation: z.string(),
  passkeys: z.boolean(),
})
export const useLinkSchema = z.object({ token: secretText, password: passwordSchema })
export const linkPasskeyOptionsSchema = z.object({ token: secretText })
export const linkPasskeySchema = z.object({ token: secretText, name: label, response: passkeyResponseSchema })

export type NextStep = z.infer<typeof nextStepSchema>
export type OwnSession = z.infer<typeof ownSessionSchema>
export type Passkey = z.infer<typeof passkeySchema>
export type Factors = z.infer<typeof factorsSchema>
export type Person = z.infer<typeof personSchema>
export type PeopleList = z.infer<typeof peopleSchema>
