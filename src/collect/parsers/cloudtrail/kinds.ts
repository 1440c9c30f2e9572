interface Kind {
  readonly category: string[]
  readonly type: string[]
}

const SIGN_INS: ReadonlySet<string> = new Set(['ConsoleLogin', 'UserAuthentication', 'CredentialVerification'])
const SESSIONS = /^(?:AssumeRole|GetSessionToken|GetFederationToken|SwitchRole|ExitRole|RenewRole)/

const VERBS: readonly (readonly [pattern: RegExp, type: string])[] = [
  [
    /^(?:Get|List|Describe|Head|Lookup|Batch(?:Get|Describe)|Search|Select|Query|Scan|Check|View|Test|Simulate|Preview)/,
    'access',
  ],
  [/^(?:Create|Run|Launch|Start|Register|Import|Allocate|Request|Issue|Generate|Upload|Copy|Restore|Invite)/, 'creation'],
  [/^(?:Delete|Terminate|Deregister|Release|Remove|Revoke|Cancel|Stop|Schedule.*Deletion|Purge|Leave)/, 'deletion'],
]

const IAM = /^(?:iam|sts|sso|sso-directory|identitystore|organizations|cognito-idp|signin)\.amazonaws\.com$/
const OF_A_USER = /User|AccessKey|LoginProfile|MFADevice|SSHPublicKey/
const OF_A_GROUP = /Group(?!s$)/
const NETWORK = /SecurityGroup|NetworkAcl|RouteTable|Vpc|Subnet|InternetGateway|FlowLogs/

/** ECS category and type of a call: by its service, and by the verb that its name begins with. */
export function kindOf(service: string, name: string, readOnly: boolean): Kind {
  if (SIGN_INS.has(name)) return { category: ['authentication'], type: ['start'] }
  if (SESSIONS.test(name)) return { category: ['authentication', 'session'], type: ['info'] }
  const verb = readOnly ? 'access' : (VERBS.find(([pattern]) => pattern.test(name))?.[1] ?? 'change')
  if (IAM.test(service)) {
    const about = OF_A_USER.test(name) ? ['user'] : OF_A_GROUP.test(name) ? ['group'] : ['admin']
    return { category: ['api', 'iam'], type: verb === 'access' ? ['access', 'info'] : [...about, verb] }
  }
  if (verb === 'access') return { category: ['api'], type: ['access'] }
  return { category: NETWORK.test(name) ? ['api', 'configuration', 'network'] : ['api', 'configuration'], type: [verb] }
}
