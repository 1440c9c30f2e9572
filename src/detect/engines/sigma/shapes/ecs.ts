import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import type { Pipelines } from '../pipelines/pipelines.ts'
import type { EventClass, EventShape } from './event-class.ts'
import { plainClass } from './plain-class.ts'
import { placesOfTable, type ShapeTables } from './tables.ts'

type Programs = Pipelines['programs']

const FILE_CATEGORIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['creation', ['file_event']],
  ['change', ['file_change', 'file_event']],
  ['deletion', ['file_delete']],
  ['access', ['file_access']],
])

const MOST_CLASSES = 4096

/** Documents in the Elastic Common Schema that are not Windows events: how Kanpeki stores everything else. */
export function ecsShape(tables: ShapeTables): EventShape {
  const { programs } = tables.pipelines
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
      const facts = factsOf(doc, event, programs)
      const key = keyOf(facts)
      let known = classes.get(key)
      if (known === undefined) {
        if (classes.size >= MOST_CLASSES) classes.clear()
        known = classOf(facts, tables)
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

/** Senders choose the texts, so that lengths part them: no sign could. */
function keyOf({ dataset, module, categories, types, os, program, isDns, hasRequest }: EcsFacts): string {
  const lengths = `${dataset.length} ${module.length} ${categories.length} ${types.length} ${os.length}`
  return `${isDns} ${hasRequest} ${lengths} ${dataset}${module}${categories}${types}${os}${program}`
}

function factsOf(doc: JsonObject, event: JsonObject, programs: Programs): EcsFacts {
  return {
    dataset: textOf(event['dataset']),
    module: textOf(event['module']),
    categories: listOf(event['category']),
    types: listOf(event['type']),
    os: osOf(doc),
    program: programOf(doc, programs),
    isDns: at(doc, 'dns', 'question') !== undefined,
    hasRequest: at(doc, 'http', 'request') !== undefined || doc['url'] !== undefined,
  }
}

/** Who wrote the record: syslog's own word for it, or a process that is known to write such records itself. */
function programOf(doc: JsonObject, programs: Programs): string {
  const appname = textOf(member(at(doc, 'log', 'syslog'), 'appname'))
  if (appname !== '') return appname
  const process = textOf(at(doc, 'process', 'name'))
  return programs.byProcessName.has(process) ? process : ''
}

function at(doc: JsonObject, top: string, under: string): JsonValue | undefined {
  return member(doc[top], under)
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) ? value[key] : undefined
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' && value.length <= 64 ? value.toLowerCase() : ''
}

function listOf(value: JsonValue | undefined): string {
  if (!Array.isArray(value)) return textOf(value)
  return value.length === 1 ? textOf(value[0]) : value.map((each: JsonValue) => textOf(each)).join(',')
}

/** The system that the document names, or else the one whose paths it holds: the schema asks nobody for `host.os`. */
function osOf(doc: JsonObject): string {
  const os = at(doc, 'host', 'os')
  const name = isJsonObject(os) ? textOf(os['type'] ?? os['family'] ?? os['platform']) : ''
  if (name === '') return osOfPaths(doc)
  if (name === 'darwin' || name === 'macos') return 'macos'
  if (['debian', 'redhat', 'ubuntu', 'fedora', 'suse', 'arch', 'linux'].includes(name)) return 'linux'
  return name
}

function osOfPaths(doc: JsonObject): string {
  const process = doc['process']
  return (
    osOfPath(member(process, 'executable')) ||
    osOfPath(member(member(process, 'parent'), 'executable')) ||
    osOfPath(member(process, 'working_directory')) ||
    osOfPath(at(doc, 'file', 'path'))
  )
}

function osOfPath(path: JsonValue | undefined): string {
  if (typeof path !== 'string') return ''
  if (path.startsWith('/')) return /^\/(?:Applications|Library|System|Users)\//.test(path) ? 'macos' : 'linux'
  return /^(?:[A-Za-z]:\\|\\\\)/.test(path) ? 'windows' : ''
}

function classOf(facts: EcsFacts, { pipelines, ecsOf }: ShapeTables): EventClass {
  const { ecsSources, programs } = pipelines
  const listed = ecsSources.get(facts.dataset) ?? ecsSources.get(facts.module) ?? sourceOfLog(facts.dataset, pipelines)
  const program = facts.program
  const prefix = listed?.logInDataset
  const log = prefix !== undefined && facts.dataset.startsWith(prefix) ? facts.dataset.slice(prefix.length) : undefined
  const isSyslog = program !== ''
  const services = [
    ...(listed?.services ?? []),
    ...(log === undefined ? [] : [log]),
    ...(programs.webServers.has(facts.module) ? [facts.module] : []),
    ...(isSyslog ? [programs.services.get(program) ?? program, 'syslog'] : []),
    ...(programs.authentication.has(program) || facts.dataset === 'system.auth' ? ['auth'] : []),
  ]
  const product = listed?.product ?? (facts.os === '' ? (isSyslog || facts.module === 'system' ? 'linux' : '') : facts.os)
  return plainClass(
    `ecs/${product}/${[facts.dataset || facts.module, facts.categories, facts.types, program].join('/')}`,
    {
      product,
      categories: [...new Set([...(listed?.categories ?? []), ...categoriesOf(facts, programs)])],
      services,
      under: log === undefined ? listed?.under : facts.dataset,
      ...(listed === undefined ? {} : { aliases: placesOfTable(listed.fields) }),
    },
    ecsOf,
  )
}

/** `zeek.dns` with no module beside it. */
function sourceOfLog(dataset: string, { ecsSources }: Pipelines) {
  for (const source of ecsSources.values())
    if (source.logInDataset !== undefined && dataset.startsWith(source.logInDataset)) return source
  return undefined
}

function categoriesOf(facts: EcsFacts, programs: Programs): string[] {
  const found: string[] = []
  const categories = new Set(facts.categories.split(','))
  const types = new Set(facts.types.split(','))
  if (categories.has('web') && facts.hasRequest) found.push(programs.proxies.has(facts.module) ? 'proxy' : 'webserver')
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
