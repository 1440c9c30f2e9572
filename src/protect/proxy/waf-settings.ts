import { z } from 'zod'
import { ApiSettings, BodySettings, BotSettings, GraphqlSettings, LeakSettings, UploadSettings } from '../checks/settings.ts'
import { LoginSettings } from '../logins/settings.ts'

const bytes = z.number().int().min(1)
const seconds = z.number().positive()

/** How a WAF runs; everything that `kanpeki waf` takes, with its defaults. */
export const WafSettings = z.strictObject({
  listen: z.strictObject({ host: z.string().min(1), port: z.number().int().min(0).max(65535) }),
  /** Origins such as `http://127.0.0.1:8080`; several are taken in turn. */
  upstreams: z.array(z.url({ protocol: /^https?$/ })).min(1),
  rules: z.array(z.string().min(1)).min(1),
  set: z.array(z.string().regex(/^tx\.[^=]+=/i)).default([]),
  mode: z.enum(['detect', 'block']).default('block'),
  shadow: z
    .strictObject({ rules: z.array(z.string().min(1)).min(1), set: z.array(z.string()).default([]), auditLog: z.string().min(1) })
    .optional(),
  auditLog: z.string().min(1).optional(),
  /** The transactions as ECS events, for a file source or `kanpeki send`. */
  events: z.string().min(1).optional(),
  workers: z.number().int().min(1).max(128).default(1),
  trustedProxies: z.array(z.string()).default([]),
  /** Certificates by name (`*.example.com` stands for one label); the first is for whoever names none. None: in clear. */
  tls: z
    .array(z.strictObject({ names: z.array(z.string().min(1)), certFile: z.string().min(1), keyFile: z.string().min(1) }))
    .default([]),
  health: z
    .strictObject({
      path: z.string().startsWith('/').default('/'),
      everySeconds: seconds.default(10),
      seconds: seconds.default(3),
      failures: z.number().int().min(1).default(2),
    })
    .optional(),
  onEngineError: z.enum(['open', 'closed']).default('closed'),
  onLargeBody: z.enum(['refuse', 'partial']).default('refuse'),
  /** A file of addresses that are kept out: one a line, read again when it changes. */
  denyList: z.string().min(1).optional(),
  /** A Kanpeki server whose exclusions are followed; what came last is kept, for when it does not answer. */
  server: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }),
      /** Holds an API token that may read rules. */
      tokenFile: z.string().min(1),
      /** PEM file of the server's certificate or its authority's. */
      ca: z.string().min(1).optional(),
      keep: z.string().min(1).default('kanpeki-exclusions.conf'),
      everySeconds: seconds.default(30),
    })
    .optional(),
  /** Endpoints where people sign in, and what guards them. */
  logins: LoginSettings.optional(),
  leaks: LeakSettings.optional(),
  bodies: BodySettings.optional(),
  apis: z.array(ApiSettings).default([]),
  graphql: z.array(GraphqlSettings).default([]),
  uploads: UploadSettings.optional(),
  bots: BotSettings.optional(),
  limits: z
    .strictObject({
      headBytes: bytes.default(64 * 1024),
      headSeconds: seconds.default(15),
      bodyPauseSeconds: seconds.default(30),
      bodyBytesPerSecond: bytes.default(500),
      idleSeconds: seconds.default(75),
      bodyBytes: bytes.default(1024 ** 3),
      /** How long the application may take nothing of a request, or be silent before and within its answer. */
      answerSeconds: seconds.default(120),
      connectSeconds: seconds.default(10),
      drainSeconds: seconds.default(30),
    })
    .prefault({}),
})
export type WafSettings = z.infer<typeof WafSettings>
