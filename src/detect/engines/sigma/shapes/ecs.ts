import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { AZURE_NAMES, GCP_NAMES } from './cloud.ts'
import type { EventClass, EventShape } from './event-class.ts'
import { aliasTable, plainClass } from './plain-class.ts'

interface Source {
  readonly product: string
  readonly services: readonly string[]
  readonly aliases?: Readonly<Record<string, readonly string[]>>
  /** Where our own parsers keep the record by the product's names. */
  readonly under?: string
}

/** Sources by `event.dataset`, or by `event.module` where no dataset is listed. */
const SOURCES: ReadonlyMap<string, Source> = new Map(
  Object.entries<Source>({
    'aws.cloudtrail': {
      product: 'aws',
      services: ['cloudtrail'],
      under: 'aws.cloudtrail',
      aliases: {
        eventName: ['event.action'],
        eventSource: ['event.provider'],
        errorCode: ['aws.cloudtrail.error_code', 'aws.cloudtrail.errorCode'],
        errorMessage: ['aws.cloudtrail.error_message', 'aws.cloudtrail.errorMessage'],
        userAgent: ['user_agent.original'],
        requestParameters: ['aws.cloudtrail.request_parameters', 'aws.cloudtrail.requestParameters'],
        responseElements: ['aws.cloudtrail.response_elements', 'aws.cloudtrail.responseElements'],
        'userIdentity.type': ['aws.cloudtrail.user_identity.type', 'aws.cloudtrail.userIdentity.type'],
        'userIdentity.arn': ['aws.cloudtrail.user_identity.arn', 'aws.cloudtrail.userIdentity.arn'],
      },
    },
    'azure.auditlogs': azureLog('auditlogs'),
    'azure.signinlogs': azureLog('signinlogs'),
    'azure.activitylogs': azureLog('activitylogs'),
    'gcp.audit': {
      product: 'gcp',
      services: ['gcp.audit'],
      under: 'gcp.audit',
      aliases: { ...namesUnder('gcp.audit', GCP_NAMES), 'gcp.audit.method_name': ['event.action'] },
    },
    'github.audit': { product: 'github', services: ['audit'], aliases: { action: ['event.action'] } },
    'kubernetes.audit': { product: 'kubernetes', services: ['audit'], under: 'kubernetes.audit' },
    'o365.audit': {
      product: 'm365',
      services: ['audit'],
      aliases: { Operation: ['event.action'], Workload: ['event.provider'] },
    },
    okta: { product: 'okta', services: ['okta'], aliases: { eventType: ['event.action'] } },
    // All records of an event are one document: a rule's `type` is one of them, its arguments are those of EXECVE where it has one.
    auditd: {
      product: 'linux',
      services: ['auditd'],
      under: 'auditd.data',
      aliases: {
        type: ['auditd.types'],
        SYSCALL: ['auditd.interpreted.syscall'],
        key: ['auditd.keys'],
        name: ['auditd.paths.name'],
        nametype: ['auditd.paths.nametype'],
        ...Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`a${at}`, [`auditd.execve.a${at}`, `auditd.data.a${at}`]])),
      },
    },
    zeek: { product: 'zeek', services: [] },
  }),
)

function azureLog(name: string): Source {
  const under = `azure.${name}`
  return { product: 'azure', services: [name], under, aliases: namesUnder(under, AZURE_NAMES) }
}

/** A table of aliases for records that stand under a name of their own. */
function namesUnder(under: string, names: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(names).map(([field, others]) => [field, others.map((other) => `${under}.${other}`)]))
}

const WEB_SERVERS: ReadonlySet<string> = new Set(['apache', 'nginx', 'iis'])
const PROXIES: ReadonlySet<string> = new Set(['squid', 'zscaler', 'bluecoat', 'netskope', 'sophos', 'zscaler_zia'])
/** Programs that write to the authentication log. */
const AUTH_PROGRAMS: ReadonlySet<string> = new Set([
  'sshd',
  'sshd-session',
  'sudo',
  'su',
  'login',
  'systemd-logind',
  'passwd',
  'useradd',
  'groupadd',
  'usermod',
])

/** Programs that a shipper may name by `process.name` alone. */
const WRITERS: ReadonlySet<string> = new Set([...AUTH_PROGRAMS, 'cron', 'crond', 'kernel'])

const FILE_CATEGORIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['creation', ['file_event']],
  ['change', ['file_change', 'file_event']],
  ['deletion', ['file_delete']],
  ['access', ['file_access']],
])

/** Programs that bear another name than Sigma's service. */
const SERVICE_OF_PROGRAM: ReadonlyMap<string, string> = new Map([
  ['sshd-session', 'sshd'],
  ['crond', 'cron'],
])

const MOST_CLASSES = 4096

/** Documents in the Elastic Common Schema that are not Windows events: how Kanpeki stores everything else. */
export function ecsShape(): EventShape {
  const classes = new Map<string, EventClass>()
  return {
    id: 'ecs',
    classify(doc: JsonObject) {
      const event = doc['event']
      if (
        !isJsonObject(event) ||
        (event['category'] === undefined &&
          event['dataset'] === undefined &&
          event['module'] === undefined &&
          event['kind'] === undefined)
      ) {
        return undefined
      }
      const facts = factsOf(doc, event)
      const key = Object.values(facts).join('|')
      let known = classes.get(key)
      if (known === undefined) {
        if (classes.size >= MOST_CLASSES) classes.clear()
        known = classOf(facts)
        classes.set(key, known)
      }
      return known
    },
  }
}

/** What decides about the class, all text. */
interface EcsFacts {
  readonly dataset: string
  readonly module: string
  readonly categories: string
  readonly types: string
  readonly os: string
  readonly program: string
  readonly isDns: boolean
  readonly hasRequest: boolean
}

function factsOf(doc: JsonObject, event: JsonObject): EcsFacts {
  return {
    dataset: textOf(event['dataset']),
    module: textOf(event['module']),
    categories: listOf(event['category']),
    types: listOf(event['type']),
    os: osOf(doc),
    program: programOf(doc),
    isDns: at(doc, 'dns', 'question') !== undefined,
    hasRequest: at(doc, 'http', 'request') !== undefined || doc['url'] !== undefined,
  }
}

/** Who wrote the record: syslog's own word for it, or a process that is known to write such records itself. */
function programOf(doc: JsonObject): string {
  const appname = textOf(at(doc, 'log', 'syslog', 'appname'))
  if (appname !== '') return appname
  const process = textOf(at(doc, 'process', 'name'))
  return WRITERS.has(process) ? process : ''
}

function at(doc: JsonObject, ...keys: readonly string[]): JsonValue | undefined {
  let here: JsonValue | undefined = doc
  for (const key of keys) here = isJsonObject(here) ? here[key] : undefined
  return here
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' && value.length <= 64 ? value.toLowerCase() : ''
}

function listOf(value: JsonValue | undefined): string {
  return Array.isArray(value) ? value.map((each: JsonValue) => textOf(each)).join(',') : textOf(value)
}

/** The system that the document names, or else the one whose paths it holds: the schema asks nobody for `host.os`. */
function osOf(doc: JsonObject): string {
  const name = textOf(at(doc, 'host', 'os', 'type') ?? at(doc, 'host', 'os', 'family') ?? at(doc, 'host', 'os', 'platform'))
  if (name === '') return osOfPaths(doc)
  if (name === 'darwin' || name === 'macos') return 'macos'
  if (['debian', 'redhat', 'ubuntu', 'fedora', 'suse', 'arch', 'linux'].includes(name)) return 'linux'
  return name
}

const PATHS: readonly (readonly string[])[] = [
  ['process', 'executable'],
  ['process', 'parent', 'executable'],
  ['process', 'working_directory'],
  ['file', 'path'],
]

function osOfPaths(doc: JsonObject): string {
  for (const keys of PATHS) {
    const path = at(doc, ...keys)
    if (typeof path !== 'string') continue
    if (/^(?:[A-Za-z]:\\|\\\\)/.test(path)) return 'windows'
    if (path.startsWith('/')) return /^\/(?:Applications|Library|System|Users)\//.test(path) ? 'macos' : 'linux'
  }
  return ''
}

function classOf(facts: EcsFacts): EventClass {
  const listed = SOURCES.get(facts.dataset) ?? SOURCES.get(facts.module)
  const program = facts.program
  // `zeek.dns`: Sigma's service is the name of the log.
  const zeek = facts.dataset.startsWith('zeek.') ? facts.dataset.slice('zeek.'.length) : undefined
  const isSyslog = program !== ''
  const services = [
    ...(listed?.services ?? []),
    ...(zeek === undefined ? [] : [zeek]),
    ...(WEB_SERVERS.has(facts.module) ? [facts.module] : []),
    ...(isSyslog ? [SERVICE_OF_PROGRAM.get(program) ?? program, 'syslog'] : []),
    ...(AUTH_PROGRAMS.has(program) || facts.dataset === 'system.auth' ? ['auth'] : []),
  ]
  const product = listed?.product ?? (facts.os === '' ? (isSyslog || facts.module === 'system' ? 'linux' : '') : facts.os)
  return plainClass(`ecs/${product}/${[facts.dataset || facts.module, facts.categories, facts.types, program].join('/')}`, {
    product,
    categories: categoriesOf(facts),
    services,
    under: zeek === undefined ? listed?.under : facts.dataset,
    ...(listed?.aliases === undefined ? {} : { aliases: aliasTable(listed.aliases) }),
  })
}

function categoriesOf(facts: EcsFacts): string[] {
  const found: string[] = []
  const categories = new Set(facts.categories.split(','))
  const types = new Set(facts.types.split(','))
  if (categories.has('web') && facts.hasRequest) found.push(PROXIES.has(facts.module) ? 'proxy' : 'webserver')
  if (categories.has('process') && types.has('start')) found.push('process_creation')
  if (categories.has('process') && types.has('end')) found.push('process_termination')
  if (facts.isDns) found.push('dns', 'dns_query')
  if (categories.has('network')) {
    if (!facts.isDns && (types.has('connection') || types.has('start'))) found.push('network_connection')
    if (types.has('allowed') || types.has('denied')) found.push('firewall')
  }
  if (categories.has('file')) for (const type of types) found.push(...(FILE_CATEGORIES.get(type) ?? []))
  if (categories.has('registry'))
    found.push('registry_event', ...(types.has('deletion') ? ['registry_delete'] : ['registry_set']))
  if (categories.has('library')) found.push('image_load')
  if (categories.has('driver')) found.push('driver_load')
  if (categories.has('malware')) found.push('antivirus')
  if (categories.has('database')) found.push('database')
  return found
}
