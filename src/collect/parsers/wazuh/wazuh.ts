import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { keepTime, normaliseDocument } from '../../normalise/document.ts'
import { type Draft, integer, put, putObject, related } from '../../normalise/draft.ts'
import { isoTime } from '../../normalise/time.ts'
import { classOf } from './class.ts'
import { addFile } from './file.ts'

/**
 * An alert of Wazuh's manager (`alerts.json`), an event that it archived (`archives.json`), and the `_source` of its indexes. The
 * whole record is kept under `wazuh`; what ECS has a name for stands there too. The time is the manager's, which carries its zone.
 */
export const wazuh: Parser = {
  id: 'wazuh',

  accepts({ json }) {
    return json !== undefined && (isAlert(json) || isArchived(json))
  },

  parse({ json }, { zoneMinutes }) {
    if (json === undefined || !(isAlert(json) || isArchived(json)))
      return {
        unknown: 'not an alert of Wazuh’s: rule, agent and manager; nor an archived event: full_log or data without a rule',
      }
    const alert = normaliseDocument(json)
    if (typeof alert === 'string') return { unknown: alert }
    const time = text(alert['timestamp']) ?? text(json['@timestamp'])
    const observed = time === undefined ? undefined : isoTime(time, zoneMinutes)
    if (observed === undefined) keepTime(alert, json)
    else delete alert['timestamp']
    return [{ observed, ecs: documentOf(alert) }]
  },
}

function isAlert(json: JsonObject): boolean {
  const rule = json['rule']
  return isJsonObject(rule) && rule['level'] !== undefined && isJsonObject(json['agent']) && isJsonObject(json['manager'])
}

/** What no rule was interested in. */
function isArchived(json: JsonObject): boolean {
  return (
    json['rule'] === undefined &&
    isJsonObject(json['agent']) &&
    isJsonObject(json['manager']) &&
    isJsonObject(json['decoder']) &&
    (typeof json['full_log'] === 'string' || isJsonObject(json['data']))
  )
}

function documentOf(alert: Draft): Draft {
  const rule = objectOf(alert['rule'])
  const data = objectOf(alert['data'])
  const decoder = objectOf(alert['decoder'])
  const line = text(alert['full_log'])
  const event: Draft =
    alert['rule'] === undefined
      ? { kind: 'event', module: 'wazuh', dataset: 'wazuh.archives' }
      : { kind: 'alert', module: 'wazuh', dataset: 'wazuh.alerts', ...classOf(rule) }
  put(event, 'code', text(rule['id']))
  put(event, 'severity', number(rule['level']))
  put(event, 'provider', text(decoder['name']))
  const doc: Draft = { event }
  put(doc, 'message', line ?? text(rule['description']))
  if (line !== undefined) delete alert['full_log']
  if (alert['rule'] !== undefined) addRule(doc, rule)
  addMachines(doc, alert)
  addPeople(doc, data)
  put(doc, 'source', endpoint(text(data['srcip']), number(data['srcport'])))
  put(doc, 'destination', endpoint(text(data['dstip']), number(data['dstport'])))
  const location = text(alert['location'])
  if (location?.startsWith('/')) doc['log'] = { file: { path: location } }
  if (isJsonObject(alert['syscheck'])) addFile(doc, alert['syscheck'])
  putObject(doc, 'related', relatedTo(doc))
  doc['wazuh'] = alert
  return doc
}

function addRule(doc: Draft, rule: JsonObject): void {
  const made: Draft = { ruleset: 'wazuh' }
  put(made, 'id', text(rule['id']))
  put(made, 'name', text(rule['description']))
  doc['rule'] = made
  const mitre = objectOf(rule['mitre'])
  const technique: Draft = {}
  put(technique, 'id', texts(mitre['id']))
  put(technique, 'name', texts(mitre['technique']))
  const threat: Draft = {}
  putObject(threat, 'technique', technique)
  const tactics = texts(mitre['tactic'])
  if (tactics !== undefined) threat['tactic'] = { name: tactics }
  putObject(doc, 'threat', threat)
}

/** Agent 000 is the manager itself. */
function addMachines(doc: Draft, alert: JsonObject): void {
  const from = objectOf(alert['agent'])
  const agent: Draft = { type: 'wazuh' }
  put(agent, 'id', text(from['id']))
  put(agent, 'name', text(from['name']))
  doc['agent'] = agent
  const host: Draft = {}
  put(host, 'name', text(from['name']))
  const ip = text(from['ip'])
  const address = ip === undefined ? undefined : ipOf(ip)
  put(host, 'ip', address === undefined ? undefined : [address])
  putObject(doc, 'host', host)
  const observer: Draft = { vendor: 'Wazuh', product: 'Wazuh' }
  put(observer, 'name', text(objectOf(alert['manager'])['name']))
  doc['observer'] = observer
}

/** Wazuh's `dstuser` is who was signed in as; beside a `srcuser`, that one did it and took the other's rights. */
function addPeople(doc: Draft, data: JsonObject): void {
  const from = text(data['srcuser'])
  const to = text(data['dstuser'])
  const user: Draft = {}
  put(user, 'name', from ?? to)
  if (from !== undefined && to !== undefined) user['effective'] = { name: to }
  putObject(doc, 'user', user)
}

function relatedTo(doc: Draft): Draft {
  const made: Draft = {}
  const user = objectOf(doc['user'])
  put(made, 'user', related(text(user['name']), text(objectOf(user['effective'])['name'])))
  put(made, 'ip', related(text(objectOf(doc['source'])['ip']), text(objectOf(doc['destination'])['ip'])))
  put(made, 'hosts', related(text(objectOf(doc['host'])['name'])))
  return made
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function number(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : integer(text(value))
}

/** A list of texts; a single one counts as a list of one. */
function texts(value: JsonValue | undefined): string[] | undefined {
  const items: readonly JsonValue[] = Array.isArray(value) ? value : value === undefined ? [] : [value as JsonValue]
  const found = items.filter((item) => typeof item === 'string')
  return found.length > 0 ? found : undefined
}
