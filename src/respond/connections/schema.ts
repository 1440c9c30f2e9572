import { z } from 'zod'

const text = z.string().trim().min(1).max(500)
const plain = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
/** Outside this host only https is taken: `refuseUnsafe`. */
const address = z.url({ protocol: /^https?$/ }).max(2000)
const hostName = z
  .string()
  .trim()
  .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,45})$/, { error: 'This is no host.' })
const port = z.string().regex(/^[1-9][0-9]{0,4}$/, { error: 'A port is a number.' })
const secret = z.string().min(1).max(20_000)
const flag = z.enum(['yes', 'no'])

interface Kind<S extends z.ZodObject, P extends z.ZodObject> {
  /** Shown again to whoever may see connections. */
  readonly settings: S
  /** Sealed, never shown again. */
  readonly secrets: P
  /** Reaches into the server's own host, so that only whoever may change the installation sets it up. */
  readonly local: boolean
}

function kind<S extends z.ZodObject, P extends z.ZodObject>(settings: S, secrets: P, local = false): Kind<S, P> {
  return { settings, secrets, local }
}

const none = z.strictObject({})

/** What response actions reach, and what each needs for it. Every value is a string, so that a form can be drawn from it. */
export const CONNECTION_KINDS = {
  /** The packet filter of the server's own host, or of a network namespace on it. */
  nftables: kind(z.strictObject({ namespace: plain.optional() }), none, true),
  /** A list that `kanpeki waf --deny-list` reads; below the data folder. */
  waf: kind(z.strictObject({ list: plain.default('denied') }), none, true),
  'http-firewall': kind(z.strictObject({ url: address }), z.strictObject({ token: secret })),
  'local-accounts': kind(z.strictObject({ root: z.string().startsWith('/').max(500).optional() }), none, true),
  ldap: kind(
    z.strictObject({
      url: z.url({ protocol: /^ldaps?$/ }).max(500),
      startTls: flag.default('yes'),
      bind: text,
      base: text,
      attribute: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)
        .default('uid'),
      /** How an account is closed: password policy (OpenLDAP), Active Directory, 389 Directory Server, `shadowAccount`. */
      lock: z.enum(['ppolicy', 'active-directory', 'nsAccountLock', 'shadow']).default('ppolicy'),
    }),
    z.strictObject({ password: secret }),
  ),
  scim: kind(z.strictObject({ url: address }), z.strictObject({ token: secret })),
  vault: kind(z.strictObject({ url: address, mount: plain.default('secret') }), z.strictObject({ token: secret })),
  'aws-iam': kind(
    z.strictObject({ url: address.default('https://iam.amazonaws.com'), region: plain.default('us-east-1'), keyId: plain }),
    z.strictObject({ key: secret }),
  ),
  /** Where who registered an address or a domain is asked. */
  rdap: kind(z.strictObject({ url: address.default('https://rdap.org') }), none),
  /** The same by WHOIS (RFC 3912), where a registry has no RDAP. */
  whois: kind(z.strictObject({ host: hostName.default('whois.iana.org'), port: port.default('43') }), none),
  /** Where people sign in: a client that may look up people and end their sessions. */
  oidc: kind(
    z.strictObject({
      issuer: address,
      kind: z.enum(['keycloak', 'okta', 'entra']).default('keycloak'),
      /** Where the provider's interface for administrators is not where it usually is. */
      api: address.optional(),
      client: text,
    }),
    z.strictObject({ secret }),
  ),
  /** A host that playbooks may run programs on. */
  ssh: kind(
    z.strictObject({
      host: hostName,
      port: port.default('22'),
      user: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/),
      /** As `ssh-keyscan` says it, without the name: `ssh-ed25519 AAAA…`. */
      hostKey: z
        .string()
        .trim()
        .max(4000)
        .regex(/^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]+={0,2}$/, {
          error: 'Write the host’s public key: ssh-ed25519 AAAA….',
        }),
    }),
    z.strictObject({ privateKey: secret }),
  ),
  /** Files of authorised keys on the server's own host; `%u` stands for the account. */
  'authorized-keys': kind(z.strictObject({ file: z.string().startsWith('/').max(500) }), none, true),
  jira: kind(
    z.strictObject({ url: address, user: text, project: plain, type: text.default('Task') }),
    z.strictObject({ token: secret }),
  ),
  github: kind(
    z.strictObject({ url: address.default('https://api.github.com'), owner: plain, repository: plain }),
    z.strictObject({ token: secret }),
  ),
  gitlab: kind(z.strictObject({ url: address.default('https://gitlab.com'), project: text }), z.strictObject({ token: secret })),
  servicenow: kind(
    z.strictObject({ url: address, user: text, table: plain.default('incident') }),
    z.strictObject({ password: secret }),
  ),
  /** Signed as Standard Webhooks say; takes tickets and messages. */
  webhook: kind(none, z.strictObject({ url: address, key: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/) })),
  /** People who are mailed through the installation's mail server. */
  mail: kind(
    z.strictObject({
      to: z
        .string()
        .max(5000)
        .refine((text) => text.split(',').every((one) => z.email().safeParse(one.trim()).success), {
          error: 'Write addresses with commas between them.',
        }),
    }),
    none,
  ),
  slack: kind(none, z.strictObject({ url: address })),
  teams: kind(none, z.strictObject({ url: address })),
  mattermost: kind(none, z.strictObject({ url: address })),
  pagerduty: kind(z.strictObject({ url: address.default('https://events.pagerduty.com') }), z.strictObject({ key: secret })),
  'line-works': kind(
    z.strictObject({
      url: address.default('https://www.worksapis.com'),
      signIn: address.default('https://auth.worksmobile.com'),
      bot: plain,
      channel: text,
      client: plain,
      account: text,
    }),
    z.strictObject({ clientSecret: secret, privateKey: secret }),
  ),
} as const

export type ConnectionKind = keyof typeof CONNECTION_KINDS
export const CONNECTION_KIND_NAMES = Object.keys(CONNECTION_KINDS) as [ConnectionKind, ...ConnectionKind[]]

/** One value of a kind, as a form asks for it. */
export interface ConnectionField {
  readonly name: string
  readonly secret: boolean
  readonly required: boolean
  readonly initial: string
  /** Undefined where any text will do. */
  readonly choices: readonly string[] | undefined
}

export function connectionFields(name: ConnectionKind): readonly ConnectionField[] {
  const { settings, secrets } = CONNECTION_KINDS[name]
  const fields = (shape: Readonly<Record<string, z.ZodType>>, isSecret: boolean): ConnectionField[] =>
    Object.entries(shape).map(([field, schema]) => {
      const left = schema.safeParse(undefined)
      const inner = schema instanceof z.ZodDefault ? schema.unwrap() : schema
      return {
        name: field,
        secret: isSecret,
        required: !left.success,
        initial: left.success && typeof left.data === 'string' ? left.data : '',
        choices: inner instanceof z.ZodEnum ? inner.options.map(String) : undefined,
      }
    })
  return [...fields(settings.shape, false), ...fields(secrets.shape, true)]
}

/** A connection as an action uses it. */
export interface ConnectionOf<K extends ConnectionKind> {
  readonly id: string
  readonly name: string
  readonly kind: K
  readonly settings: z.infer<(typeof CONNECTION_KINDS)[K]['settings']>
  readonly secrets: z.infer<(typeof CONNECTION_KINDS)[K]['secrets']>
}
/** One of several kinds, told apart by `kind`. */
export type AnyConnection<K extends ConnectionKind = ConnectionKind> = { [P in K]: ConnectionOf<P> }[K]

/** What playbooks and actions call it by. */
export const connectionName = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'A name has lower-case letters, digits and hyphens.' })

const values = z.record(z.string().max(64), z.string().max(20_000))
export const newConnection = z.strictObject({
  name: connectionName,
  kind: z.enum(CONNECTION_KIND_NAMES),
  settings: values.default({}),
  secrets: values.default({}),
})
export type NewConnection = z.infer<typeof newConnection>
/** Secrets that are left out stay, as long as no address changes. */
export const connectionChange = z
  .strictObject({ settings: values.optional(), secrets: values.optional(), enabled: z.boolean().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), { error: 'Nothing is to be changed.' })
export type ConnectionChange = z.infer<typeof connectionChange>
export const connectionParams = z.object({ id: z.uuid() })

const instant = z.iso.datetime({ precision: 3 })
export const connectionView = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(CONNECTION_KIND_NAMES),
  settings: z.record(z.string(), z.string()),
  /** Of the secrets, only which there are. */
  secrets: z.array(z.string()),
  enabled: z.boolean(),
  local: z.boolean(),
  createdBy: z.string(),
  createdAt: instant,
  updatedAt: instant,
})
export type ConnectionView = z.infer<typeof connectionView>
export const connectionList = z.object({ connections: z.array(connectionView) })

export const connectionTest = z.object({
  works: z.boolean(),
  /** People there were sent a message that says that it is a test. */
  told: z.boolean(),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type ConnectionTest = z.infer<typeof connectionTest>
