import { z } from 'zod'

/** What an attempt meets, mildest first. `watch` only tells. */
export const ANSWERS = ['watch', 'step-up', 'delay', 'challenge', 'block'] as const
export type Answer = (typeof ANSWERS)[number]

/** How an application's answer is told apart; all that is said must hold. */
const outcome = z
  .strictObject({
    /** One of these. */
    status: z.array(z.number().int().min(100).max(599)).min(1).optional(),
    /** How the path of `Location` begins. */
    redirect: z.string().startsWith('/').optional(),
    /** A cookie that it sets. */
    cookie: z.string().min(1).optional(),
    /** Words within the first 64 kB of its body. */
    body: z.string().min(1).optional(),
  })
  .refine((said) => Object.values(said).some((each) => each !== undefined), 'must say something')
export type Outcome = z.infer<typeof outcome>

const override = z.strictObject({
  failures: z.number().int().min(1).optional(),
  others: z.number().int().min(1).max(64).optional(),
  share: z.number().min(0).max(1).optional(),
  answer: z.enum(ANSWERS).optional(),
})

export const SIGNALS = [
  'brute-force-account',
  'slow-brute-force-account',
  'brute-force-address',
  'spraying-address',
  'slow-spraying-address',
  'spraying-network',
  'spraying-password',
  'stuffing-fingerprint',
  'stuffing-login',
] as const
export type SignalId = (typeof SIGNALS)[number]

const login = z
  .strictObject({
    /** Under which it is told. */
    name: z.string().regex(/^[a-z0-9-]{1,40}$/),
    /** Only under this host; without it, under any. */
    host: z.string().min(1).optional(),
    path: z.string().startsWith('/'),
    methods: z.array(z.string().min(1)).min(1).default(['POST']),
    /** Field of a form, or of JSON with dots (`user.email`). `basic`: the Authorization header says both. */
    username: z.string().min(1).default('username'),
    password: z.string().min(1).default('password'),
    basic: z.boolean().default(false),
    success: outcome.optional(),
    failure: outcome.optional(),
    /** Where a person signs in; where a solved challenge leads back to. Without it, the path. */
    page: z.string().startsWith('/').optional(),
    signals: z.partialRecord(z.enum(SIGNALS), override).default({}),
    /** What a password that stands in `breachedPasswords` leads to. */
    leakedPassword: z.enum(ANSWERS).default('step-up'),
  })
  .refine(({ success, failure }) => success !== undefined || failure !== undefined, 'must say what success or failure is')
export type Login = z.infer<typeof login>

/** `logins:` of a WAF's settings. */
export const LoginSettings = z.strictObject({
  endpoints: z
    .array(login)
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must have names of their own'),
  /** A file of `SHA1[:COUNT]` lines in order, or a folder of files by prefix, as Have I Been Pwned hands them out. */
  breachedPasswords: z.string().min(1).optional(),
  /** Seconds that a `delay` lasts. */
  delaySeconds: z.number().min(0.1).max(60).default(5),
  /** For how long a signal stays in force after it was last true. */
  holdSeconds: z.number().min(1).default(900),
  shortSeconds: z.number().min(10).default(600),
  longSeconds: z.number().min(60).default(86_400),
  challenge: z
    .strictObject({
      /** Leading zero bits; each more doubles the work. 16 takes a browser a fraction of a second. */
      bits: z.number().int().min(8).max(24).default(16),
      seconds: z.number().int().min(30).default(600),
      /** Attempts that one solution is good for. */
      attempts: z.number().int().min(1).default(5),
    })
    .prefault({}),
  /** Keys remembered for each of account, address, network, fingerprint and password. */
  mostKeys: z.number().int().min(100).max(1_000_000).default(20_000),
  /** Attempts that cannot be judged, because whoever counts does not answer: they pass, or get 503. */
  onUnjudged: z.enum(['open', 'closed']).default('open'),
  /** Names of accounts in events: as they were typed, or as a hash that only tells them apart until the WAF restarts. */
  accountNames: z.enum(['plain', 'hashed']).default('plain'),
})
export type LoginSettings = z.infer<typeof LoginSettings>
