import { z } from 'zod'
import { severity } from '../schema.ts'

const instant = z.iso.datetime({ precision: 3 })
const name = z.string().trim().min(1).max(120)
const address = z.email().max(254)

/** The gravest that is told of is always 1; this is the least grave. */
const leastGrave = severity

const mailTarget = z.strictObject({
  kind: z.literal('mail'),
  to: z.array(address).min(1, { error: 'At least one address is needed.' }).max(20),
  language: z.enum(['en', 'ja']).default('en'),
})
const webhookTarget = z.strictObject({ kind: z.literal('webhook'), url: z.url({ protocol: /^https?$/ }).max(2000) })

export const newChannel = z.strictObject({
  name,
  severity: leastGrave.default(2),
  target: z.discriminatedUnion('kind', [mailTarget, webhookTarget]),
})
export type NewChannel = z.infer<typeof newChannel>
export const channelChange = z
  .strictObject({
    name: name.optional(),
    severity: leastGrave.optional(),
    enabled: z.boolean().optional(),
    to: z.array(address).min(1).max(20).optional(),
    language: z.enum(['en', 'ja']).optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), { error: 'Nothing is to be changed.' })
export type ChannelChange = z.infer<typeof channelChange>

export const channelView = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['mail', 'webhook']),
  /** Mail: whom it goes to. */
  to: z.array(z.string()),
  language: z.enum(['en', 'ja']),
  /** Webhook: its host. The rest of such an address is often a secret by itself and is not shown again. */
  host: z.string().nullable(),
  severity,
  enabled: z.boolean(),
  createdBy: z.string(),
  createdAt: instant,
  /** Deliveries that wait, with the first of them; that were given up; and when one arrived last. */
  waiting: z.int(),
  waitingSince: instant.nullable(),
  failed: z.int(),
  lastSent: instant.nullable(),
  /** Why the last try did not work; null once one did. */
  error: z.string().nullable(),
  /** Of `error`, for whoever words it; null where it has none. */
  errorCode: z.string().nullable(),
})
export type ChannelView = z.infer<typeof channelView>
export const channelList = z.object({
  channels: z.array(channelView),
  /** Whether mail can be sent at all. */
  mail: z.boolean(),
})
/** The signing secret is shown once: Standard Webhooks, `whsec_…`. */
export const newChannelReply = z.object({ channel: channelView, secret: z.string().nullable() })
export const channelParams = z.object({ id: z.uuid() })

export const SECURITIES = ['tls', 'starttls', 'none'] as const
/** How mail goes out. `password` is kept where it is left out and the user name stays. */
export const mailServer = z
  .strictObject({
    host: z.string().trim().min(1).max(253),
    port: z.int().min(1).max(65535),
    security: z.enum(SECURITIES),
    user: z.string().max(254).default(''),
    password: z.string().max(1000).optional(),
    sender: address,
  })
  .refine(({ user, security }) => user === '' || security !== 'none', {
    error: 'A password does not go over a connection without TLS.',
    path: ['security'],
  })
export type MailServer = z.infer<typeof mailServer>
export const mailServerView = z.object({
  server: z
    .object({
      host: z.string(),
      port: z.int(),
      security: z.enum(SECURITIES),
      user: z.string(),
      sender: z.string(),
      /** Whether a password is stored. */
      password: z.boolean(),
    })
    .nullable(),
})
export type MailServerView = z.infer<typeof mailServerView>

/** What a receiver is told: enough to decide whether to get up, nothing of the events themselves. */
export const notice = z.object({
  type: z.enum(['alert.raised', 'alert.escalated', 'test']),
  timestamp: instant,
  data: z.object({
    id: z.string(),
    scope: z.string(),
    title: z.string(),
    titleJa: z.string(),
    severity,
    entity: z.object({ kind: z.string(), name: z.string() }),
    rule: z.string(),
    techniques: z.array(z.string()),
    count: z.int(),
    lastObserved: instant,
    /** Its page in the console. */
    url: z.string(),
  }),
})
export type Notice = z.infer<typeof notice>

/** What people wrote about an incident, for whoever has to hear of it. */
export const letter = z.object({
  type: z.literal('incident.update'),
  timestamp: instant,
  data: z.object({
    id: z.string(),
    scope: z.string(),
    number: z.int(),
    severity,
    subject: z.string(),
    text: z.string(),
    url: z.string(),
  }),
})
export type Letter = z.infer<typeof letter>
