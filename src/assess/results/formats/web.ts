import { z } from 'zod'
import { KanpekiError } from '../../../kernel/error.ts'
import { scoreCvss } from '../../cvss/score.ts'
import { Collected, cut, cweOf, type ReadResults, refuseResults, severityWord } from '../result.ts'
import { childText, type XmlRecord, xmlRecords } from '../xml.ts'

/** Scanners that attack from outside: each names an address, and mostly a parameter. */

/** Classes of attack of which one parameter has one: reported by two tools, they are one cause. Missing headers are not. */
const ATTACKS: ReadonlySet<string> = new Set(
  [22, 73, 77, 78, 79, 88, 89, 90, 91, 93, 94, 95, 98, 113, 434, 502, 601, 611, 643, 918, 943, 1336].map((one) => `CWE-${one}`),
)

function attackOf(cwe: string | undefined): readonly string[] {
  return cwe !== undefined && ATTACKS.has(cwe) ? [cwe] : []
}

/** The address without query and fragment, and the parameter. */
function causeOf(address: string, parameter: string): string {
  const url = URL.parse(address)
  const place = url === null ? address.replace(/[?#].*$/, '') : `${url.origin}${url.pathname}`
  return cut(parameter === '' ? place : `${place} ${parameter}`, 1000)
}

function hostOf(address: string): string | null {
  const host = URL.parse(address)?.hostname ?? /^([a-z0-9.-]+)(?::\d+)?$/i.exec(address)?.[1] ?? ''
  return host === '' ? null : host.replace(/^\[|\]$/g, '')
}

interface ZapAlert {
  readonly plugin: string
  readonly title: string
  readonly risk: string
  readonly cwe: string
  readonly instances: readonly { readonly uri: string; readonly param: string }[]
}

function addZap(collected: Collected, site: string, { plugin, title, risk, cwe, instances }: ZapAlert): void {
  if (risk === '0') {
    collected.leave('informational', Math.max(1, instances.length))
    return
  }
  const seen = new Set<string>()
  for (const { uri, param } of instances.length === 0 ? [{ uri: site, param: '' }] : instances) {
    const cause = causeOf(uri, param)
    if (seen.has(cause)) continue
    seen.add(cause)
    collected.add({
      asset: hostOf(uri) ?? hostOf(site),
      kind: 'web',
      id: `zap-${plugin}`,
      aliases: attackOf(cweOf(cwe)),
      cause,
      name: cause,
      place: cut(uri, 500),
      summary: cut(title, 1000),
      severity: (['none', 'low', 'medium', 'high'] as const)[Number(risk)] ?? null,
    })
  }
}

const zap = z.object({
  site: z
    .array(
      z.object({
        '@name': z.string(),
        '@host': z.string().optional(),
        alerts: z
          .array(
            z.object({
              pluginid: z.string(),
              alert: z.string().optional(),
              name: z.string().optional(),
              riskcode: z.string(),
              cweid: z.string().default(''),
              instances: z.array(z.object({ uri: z.string(), param: z.string().default('') })).default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
})

/** ZAP's traditional report in JSON. */
export function readZapJson(value: unknown, file: string): ReadResults {
  const parsed = zap.safeParse(value)
  if (!parsed.success)
    return refuseResults(
      file,
      'report of ZAP',
      `${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`,
    )
  const collected = new Collected(file)
  collected.kinds.add('web')
  for (const { '@name': site, alerts } of parsed.data.site) {
    const host = hostOf(site)
    if (host !== null) collected.assets.add(host)
    for (const { pluginid, alert, name, riskcode, cweid, instances } of alerts)
      addZap(collected, site, { plugin: pluginid, title: alert ?? name ?? pluginid, risk: riskcode, cwe: cweid, instances })
  }
  return collected.done('zap', 'ZAP')
}

/** ZAP's traditional report in XML. */
export async function readZapXml(text: AsyncIterable<string>, file: string): Promise<ReadResults> {
  const collected = new Collected(file)
  collected.kinds.add('web')
  await xmlRecords(text, file, new Set(['alertitem']), (record, above) => {
    const site = above.find(({ name }) => name === 'site')?.attributes['name'] ?? ''
    const host = hostOf(site)
    if (host !== null) collected.assets.add(host)
    const instances = record.children.find(({ name }) => name === 'instances')?.children ?? []
    addZap(collected, site, {
      plugin: childText(record, 'pluginid'),
      title: childText(record, 'alert') || childText(record, 'name'),
      risk: childText(record, 'riskcode'),
      cwe: childText(record, 'cweid'),
      instances: instances.map((one) => ({ uri: childText(one, 'uri'), param: childText(one, 'param') })),
    })
  })
  return collected.done('zap', 'ZAP')
}

/** Burp's issues in XML. */
export async function readBurp(text: AsyncIterable<string>, file: string): Promise<ReadResults> {
  const collected = new Collected(file)
  collected.kinds.add('web')
  await xmlRecords(text, file, new Set(['issue']), (record) => {
    const severity = childText(record, 'severity')
    if (/^(info|false positive)/i.test(severity)) {
      collected.leave(/^info/i.test(severity) ? 'informational' : 'suppressed in the tool')
      return
    }
    const origin = childText(record, 'host').trim()
    const location = childText(record, 'location')
    const parameter = /\[(.+?) (?:parameter|cookie|header|JSON parameter)\]\s*$/.exec(location)?.[1] ?? ''
    const address = `${origin}${childText(record, 'path')}`
    const cause = causeOf(address, parameter)
    const cwe = /CWE-(\d+)/.exec(childText(record, 'vulnerabilityClassifications'))?.[0]
    collected.add({
      asset: hostOf(origin),
      kind: 'web',
      id: `burp-${childText(record, 'type')}`,
      aliases: attackOf(cwe),
      cause,
      name: cause,
      place: cut(address, 500),
      summary: cut(childText(record, 'name'), 1000),
      severity: severityWord(severity),
    })
  })
  return collected.done('burp', 'Burp')
}

const many = z.union([z.string(), z.array(z.string())]).nullish()
const nuclei = z.object({
  'template-id': z.string(),
  type: z.string().default(''),
  host: z.string().default(''),
  'matched-at': z.string().default(''),
  'matcher-name': z.string().nullish(),
  info: z.object({
    name: z.string().default(''),
    severity: z.string().default('unknown'),
    classification: z
      .object({
        'cve-id': many,
        'cwe-id': many,
        'cvss-metrics': z.string().nullish(),
        'cvss-score': z.number().nullish(),
      })
      .nullish(),
  }),
})

function listOf(value: string | readonly string[] | null | undefined): readonly string[] {
  if (value == null) return []
  return typeof value === 'string' ? [value] : value
}

/** Nuclei's results, each a value of JSON lines or of an array. */
export function readNuclei(values: Iterable<unknown>, file: string): ReadResults {
  const collected = new Collected(file)
  collected.kinds.add('web')
  let number = 0
  for (const value of values) {
    number += 1
    const parsed = nuclei.safeParse(value)
    if (!parsed.success)
      return refuseResults(
        file,
        'report of Nuclei',
        `result ${number}: ${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`,
      )
    const { 'template-id': id, host, 'matched-at': matched, info } = parsed.data
    const severity = severityWord(info.severity)
    if (severity === 'none') {
      collected.leave('informational')
      continue
    }
    const address = matched === '' ? host : matched
    const cves = listOf(info.classification?.['cve-id']).map((one) => one.toUpperCase())
    const cause = causeOf(address, parsed.data['matcher-name'] ?? '')
    const score = cvssOf(info.classification?.['cvss-metrics'])
    collected.add({
      asset: hostOf(address) ?? hostOf(host),
      kind: 'web',
      id: cves[0] ?? `nuclei-${id}`,
      aliases: [`nuclei-${id}`, ...cves, ...listOf(info.classification?.['cwe-id']).flatMap((one) => attackOf(cweOf(one)))],
      cause,
      name: cause,
      place: cut(address, 500),
      summary: cut(info.name, 1000),
      severity,
      score: score ?? info.classification?.['cvss-score'] ?? null,
      vector: score === null ? null : info.classification!['cvss-metrics']!,
    })
  }
  return collected.done('nuclei', 'Nuclei')
}

function cvssOf(vector: string | null | undefined): number | null {
  if (vector == null) return null
  try {
    return scoreCvss(vector).overall
  } catch (error) {
    if (error instanceof KanpekiError) return null
    throw error
  }
}

/** Nessus (.nessus, version 2 of its XML): hosts, and what was found on their ports. */
export async function readNessus(text: AsyncIterable<string>, file: string): Promise<ReadResults> {
  const collected = new Collected(file)
  collected.kinds.add('host')
  await xmlRecords(text, file, new Set(['ReportItem', 'HostProperties']), (record, above) => {
    const host = above.find(({ name }) => name === 'ReportHost')?.attributes['name'] ?? ''
    if (host !== '') collected.assets.add(host)
    if (record.name === 'ReportItem') addNessus(collected, host, record)
  })
  return collected.done('nessus', 'Nessus')
}

function addNessus(collected: Collected, host: string, record: XmlRecord): void {
  const { port = '0', protocol = 'tcp', severity = '0', pluginID = '', pluginName = '' } = record.attributes
  if (severity === '0') {
    collected.leave('informational')
    return
  }
  const cves = record.children.filter(({ name }) => name === 'cve').map(({ text }) => text.trim())
  const vector =
    childText(record, 'cvss4_vector') ||
    childText(record, 'cvss3_vector') ||
    childText(record, 'cvss_vector').replace(/^CVSS2#/, '')
  const stated = Number(childText(record, 'cvss3_base_score') || childText(record, 'cvss_base_score'))
  const score = cvssOf(vector === '' ? null : vector)
  const cause = port === '0' ? 'host' : `${protocol}/${port}`
  collected.add({
    asset: host === '' ? null : host,
    kind: 'host',
    id: `nessus-${pluginID}`,
    aliases: cves,
    cause,
    name: cause,
    place: cause,
    summary: cut(pluginName, 1000),
    severity: (['none', 'low', 'medium', 'high', 'critical'] as const)[Number(severity)] ?? null,
    score: score ?? (stated > 0 && stated <= 10 ? stated : null),
    vector: score === null ? null : vector,
  })
}
