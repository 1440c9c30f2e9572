import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'

/** ECS field → type, from the published list (`fields.csv`, whose fifth column is the type). */
export function readEcsFields(path: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const match = /^[^,]*,(?:true|false),[^,]*,([^,]+),([a-z_]+),/.exec(line)
    if (match !== null) fields.set(match[1]!, match[2]!)
  }
  return fields
}

/** Names of our own or of a product: nothing under them is ECS. */
const NAMESPACES: ReadonlySet<string> = new Set(
  'winlog nxlog system auditd apache aws azure cisco fail2ban gcp haproxy iis journald kubernetes mysql nginx postgresql sysmon waf wazuh zeek'.split(
    ' ',
  ),
)

const CATEGORIES =
  'api authentication configuration database driver email file host iam intrusion_detection library malware network package process registry session threat vulnerability web'.split(
    ' ',
  )
const TYPES =
  'access admin allowed change connection creation deletion denied device end error group indicator info installation protocol start user'.split(
    ' ',
  )

/** What is wrong with a document by ECS: fields that do not exist, and values of another type. `field: fault`, once each. */
export function ecsFaults(doc: JsonObject, fields: ReadonlyMap<string, string>): readonly string[] {
  const faults: string[] = []
  for (const key in doc) if (!NAMESPACES.has(key)) walk(doc[key]!, key, fields, faults)
  const event = doc['event']
  if (isJsonObject(event)) {
    for (const [name, allowed] of [
      ['category', CATEGORIES],
      ['type', TYPES],
    ] as const) {
      const values = event[name]
      if (values === undefined) continue
      if (!Array.isArray(values)) faults.push(`event.${name}: not a list`)
      else for (const value of values) if (!allowed.includes(String(value))) faults.push(`event.${name}: ${String(value)}`)
    }
  }
  return faults
}

function walk(value: JsonValue, path: string, fields: ReadonlyMap<string, string>, faults: string[]): void {
  const type = fields.get(path)
  if (type === 'flattened' || type === 'object') {
    if (!isJsonObject(value) && !Array.isArray(value)) faults.push(`${path}: not an object`)
    if (path !== 'dns.answers') return
  }
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) walk(item, path, fields, faults)
    return
  }
  if (isJsonObject(value)) {
    for (const key in value) walk(value[key]!, `${path}.${key}`, fields, faults)
    return
  }
  if (type === undefined) faults.push(`${path}: not in ECS`)
  else if (!fits(value, type)) faults.push(`${path}: ${JSON.stringify(value)} is no ${type}`)
}

function fits(value: JsonValue, type: string): boolean {
  switch (type) {
    case 'long':
      return Number.isSafeInteger(value)
    case 'float':
    case 'scaled_float':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'ip':
      return typeof value === 'string' && isIP(value) !== 0
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value))
    default:
      return typeof value === 'string'
  }
}

/** Paths of what must never be in a document: undefined, numbers that JSON has not, and keys that reach a prototype. */
export function unsound(value: unknown, path = ''): readonly string[] {
  if (value === undefined) return [`${path}: undefined`]
  if (typeof value === 'number' && !Number.isFinite(value)) return [`${path}: ${value}`]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item, index) => unsound(item, `${path}[${index}]`))
  if (Object.getPrototypeOf(value) !== Object.prototype) return [`${path}: its prototype was changed`]
  return Object.entries(value).flatMap(([key, member]) =>
    key === '__proto__' ? [`${path}: __proto__`] : unsound(member, `${path}.${key}`),
  )
}
